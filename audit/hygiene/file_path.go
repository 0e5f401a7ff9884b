package hygiene

import (
	"context"

	lr "github.com/launchready/launchready"
)

func filePath(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/file-path",
		Title: "Errors name no path on the server",
		Why:   "A path tells the operating system, the user, the framework and where the rest lies. With it a traversal or an upload that writes a file knows where to go.",
		Fix: "Do not pass on what the operating system said: `open …: no such file or directory` is for the log. " +
			"Tell the caller what is missing in the words of the API, `no such file`.",
		Guard:    "scrub_errors",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, errorText, {Source: "CWE", ID: "497"}, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return c.judge(ctx, t, nil, "an error names")
		},
	}
}

// pathSigns know a path by a folder that no address has, by what the operating
// system says beside it, or by the file that it ends in: /home, /app and /data
// alone are addresses of pages as well.
var pathSigns = []sign{
	newSign("a file that the operating system did not find", `no such file|enoent|eacces|permission denied|is a directory|cannot find the`,
		`(?:open|stat|lstat|read|unlink|mkdir|rename|exec|chdir) [^\s"]{0,4}/[^\s":]{2,}: (?:no such file or directory|permission denied|is a directory|not a directory)|E(?:NOENT|ACCES|ISDIR|NOTDIR): [^\n]{3,}, \w{2,10} '[^'\n]{2,}'|\[Errno \d{1,3}\] [A-Z][\w ]{3,}: '[^'\n]{2,}'|cannot find the (?:file|path) (?:specified|'[^'\n]{2,}')`),
	newSign("the place of an installed package", `node_modules/|site-packages/|dist-packages/|/go/pkg/mod/|/gems/|vendor/|\node_modules\`,
		`(?:^|[\s"'(\[=:,<>])(?:file://)?/?[\w.@~+-]*(?:/[\w.@~+-]+){0,12}/(?:node_modules|site-packages|dist-packages|go/pkg/mod|gems|vendor/(?:bundle|laravel|symfony|composer))/[\w.@/+-]{2,}`),
	newSign("a folder of the system", `/var/|/usr/|/etc/|/root/|/srv/|/opt/|/proc/|/private/|/go/src/|/__w/|/lib/`,
		`(?:^|[\s"'(\[=:,<>])(?:file://)?/(?:var/(?:www|lib|task|run|log|app|folders|opt|cache|spool)|usr/(?:src|lib|local|share|bin|app)|etc|root|srv|opt|proc/self|private/(?:var|tmp)|go/(?:src|pkg)|__w)/[\w.@+-]+(?:/[\w.@+-]+)*`),
	newSign("a file on the server", `.go|.py|.js|.mjs|.cjs|.ts|.rb|.php|.java|.kt|.cs|.rs|.ex|.so|.jar|.sql|.db|.sqlite|.yml|.yaml|.toml|.ini|.conf|.env|.log|.pem|.key`,
		`(?:^|[\s"'(\[=:,<>])(?:file://)?/(?:home|app|Users|workspaces?|src|code|build|tmp|mnt|data|layers|vercel|workdir|site|www|project|projects|server|backend|application|deploy|releases)/[\w.@+~-]+(?:/[\w.@+~-]+)*\.(?:go|py|mjs|cjs|js|tsx?|rb|php|java|kt|cs|rs|exs?|so|jar|sql|db|sqlite3?|ya?ml|toml|ini|conf|env|log|pem|key)\b`),
	newSign("a path on Windows", `:\`, `\b[A-Za-z]:\\{1,2}(?:[\w .$()@-]+\\{1,2})+[\w .$()@-]+`),
}
