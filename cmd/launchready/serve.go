package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/demo/postgres"
)

func (p *program) demoServeVerb() *cobra.Command {
	var (
		flaws  []string
		clean  bool
		listen string
		model  string
		seed   int64
		db     bool
	)
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the chatbot and write a launchready.yaml for it",
		Long: `Run the chatbot and write a launchready.yaml for it into the current folder.

It listens on loopback until it is interrupted. --flaws says what is wrong with it: all,
or ids of checks, separated by commas.

The chatbot brings a small model of its own, which costs nothing and is the same every
time. --model-url puts a real one behind it: any server that speaks OpenAI's chat
completions.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if clean && len(flaws) > 0 {
				return setup(errors.New("--clean and --flaws exclude each other"))
			}
			if err := modelAddress(model); err != nil {
				return setup(err)
			}
			o := demo.Options{Flaws: flaws, Seed: seed, Addr: listen, ModelURL: model, Log: p.chatbotLog()}
			if db {
				if o.Postgres, _ = p.env(postgres.Variable); o.Postgres == "" {
					return setup(fmt.Errorf("--postgres: %s does not name a server where a database may be made", postgres.Variable))
				}
			}
			p.roomy()
			return p.demoServe(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&flaws, "flaws", nil, "all, or ids of checks, separated by commas")
	f.BoolVar(&clean, "clean", false, "without flaws (the default)")
	f.StringVar(&listen, "listen", "127.0.0.1:0", "loopback address; port 0 takes a free one")
	f.StringVar(&model, "model-url", "", "base address of an OpenAI-compatible model server, such as http://127.0.0.1:8000 (default: the chatbot's own)")
	f.Int64Var(&seed, "seed", 1, "decides ids, passwords and contents")
	f.BoolVar(&db, "postgres", false, "also make its database, on the Postgres server that "+postgres.Variable+" names")
	_ = c.RegisterFlagCompletionFunc("flaws", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return append([]string{"all"}, flawIDs()...), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

// modelAddress reports an address that /v1/chat/completions cannot be put behind.
func modelAddress(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("--model-url wants the base address of a model server, such as http://127.0.0.1:8000")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("--model-url takes no user, query or fragment")
	case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/v1"):
		return errors.New("--model-url wants the address without /v1, which is added")
	}
	return nil
}

func flawIDs() []string {
	var out []string
	for _, f := range demo.Flaws() {
		out = append(out, f.ID)
	}
	return out
}

// demoMark is the first line of a configuration that demo serve wrote and may
// overwrite.
const demoMark = "# Written by launchready demo serve, which overwrites it.\n"

func (p *program) demoServe(ctx context.Context, o demo.Options) error {
	file := filepath.Join(p.dir, config.FileName)
	if err := ours(file); err != nil {
		return setup(err)
	}
	o.Folder = p.dir
	if err := p.fresh(); err != nil {
		return setup(err)
	}
	s, err := demo.New(o)
	if err != nil {
		return setup(err)
	}
	err = p.demoFiles(file, s)
	if err == nil {
		p.serves = true
		fmt.Fprintf(p.out, "%s\n", s.URL)
		p.progress("wrote %s; now, in another terminal in this folder: launchready audit --mutate\n"+
			"To chat, open the address in a browser: member@acme.test, the password is in %s. Ctrl-C stops it.", config.FileName, demo.SecretsFile)
		<-ctx.Done()
	}
	if cerr := s.Close(); cerr != nil {
		err = errors.Join(err, fmt.Errorf("stop the demo: %w", cerr))
	}
	return err
}

// estateMark lies in the folders that demo serve wrote and may write again.
const estateMark = ".harbor-demo"

func estateFolders() []string { return []string{"harbor", "images", "logs", "mail"} }

// fresh makes room for the demo's repository and logs: what an earlier demo wrote
// goes, and what it did not write stands in the way.
func (p *program) fresh() error {
	for _, name := range estateFolders() {
		dir := filepath.Join(p.dir, name)
		switch _, err := os.Stat(dir); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("look for %s: %w", name, err)
		default:
			if _, err := os.Stat(filepath.Join(dir, estateMark)); err != nil {
				return fmt.Errorf("the folder %s is not the demo's: run it in another folder", name)
			}
			if err := os.RemoveAll(dir); err != nil {
				return fmt.Errorf("remove what an earlier demo wrote: %w", err)
			}
		}
	}
	return nil
}

// ours reports a file that is neither missing nor written by demo serve.
func ours(file string) error {
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", config.FileName, err)
	case !bytes.HasPrefix(b, []byte(demoMark)):
		return fmt.Errorf("%s in this folder is not the demo's: run it in another folder", config.FileName)
	}
	return nil
}

func (p *program) demoFiles(file string, s *demo.Server) error {
	if err := writeSecret(filepath.Join(filepath.Dir(file), demo.SecretsFile), s.Secrets()); err != nil {
		return setup(err)
	}
	for _, name := range estateFolders() {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), name, estateMark), nil, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) { // a machine with one loopback address has no mail
			return setup(fmt.Errorf("mark the folder %s: %w", name, err))
		}
	}
	if err := replace(file, append([]byte(demoMark), s.Config()...)); err != nil {
		return setup(err)
	}
	return nil
}
