package hygiene

import (
	"bytes"
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func gitFolder() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/git-folder",
		Title: "No folder of version control is served",
		Why:   "From `.git` the whole source can be put together again, with its history and every secret that was ever committed and taken out.",
		Fix: "Deploy what was built, not a checkout. Let the server refuse names that begin with a dot. " +
			"Search the history for secrets and replace those that are in it.",
		Guard:    "block_paths",
		Severity: lr.High,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "527"}, {Source: "ASVS", ID: "v5.0.0-13.4.1"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return look(ctx, t, []string{"/.git/HEAD", "/.git/config", "/.git/logs/HEAD", "/.svn/entries", "/.svn/wc.db", "/.hg/requires", "/.bzr/README", "/.DS_Store"},
				func(_ string, x *lr.Exchange) proof { return folderProof(x.Body) })
		},
	}
}

var (
	gitHead   = expr.Lazy(`^(?:ref: refs/\S+|[0-9a-f]{40}|[0-9a-f]{64})\s*$`)
	gitConfig = expr.Lazy(`(?m)^\[core\]\s*$`)
	gitLog    = expr.Lazy(`^[0-9a-f]{40} [0-9a-f]{40} [^\n]+\t`)
	hgNeeds   = expr.Lazy(`(?m)^(?:dotencode|fncache|revlogv1|generaldelta|sparserevlog|share-safe)\s*$`)
	svnList   = expr.Lazy(`^(?:8|9|10|12)\s*\n(?:\n?dir\s*\n|\s*$)`)
)

// folderProof knows the files of version control and of the Finder. A config of
// git may hold a token in the address of its remote.
func folderProof(body []byte) proof {
	head := body[:min(len(body), 4096)]
	switch {
	case gitHead().Match(head):
		return proof{what: "the folder of git: its HEAD", witness: string(bytes.TrimSpace(head))}
	case gitConfig().Match(head) && bytes.Contains(head, []byte("repositoryformatversion")):
		return proof{what: "the folder of git: its configuration", secret: "[core] … repositoryformatversion … [the rest is withheld: addresses of remotes hold tokens]"}
	case gitLog().Match(head):
		return proof{what: "the folder of git: its log", secret: "[withheld: names and addresses of authors]"}
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")) && bytes.Contains(body, []byte("REPOSITORY")) && bytes.Contains(body, []byte("WCROOT")):
		return proof{what: "the folder of Subversion", secret: "SQLite format 3 [withheld]"}
	case svnList().Match(head):
		return proof{what: "the folder of Subversion", witness: "dir"}
	case hgNeeds().Match(head) && len(body) < 2048:
		return proof{what: "the folder of Mercurial", witness: string(bytes.TrimSpace(hgNeeds().Find(head)))}
	case bytes.HasPrefix(head, []byte("This is a Bazaar control directory")):
		return proof{what: "the folder of Bazaar", witness: "This is a Bazaar control directory"}
	case bytes.HasPrefix(head, []byte("\x00\x00\x00\x01Bud1")):
		return proof{what: "a .DS_Store, which lists the files of its folder", severity: lr.Low, secret: "Bud1 [withheld]"}
	}
	return proof{}
}
