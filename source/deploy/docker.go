package deploy

import (
	"encoding/json"
	"strings"
)

// dockerfile reads a Dockerfile: its last stage is what runs.
func (f *Facts) dockerfile(name string, text []byte) error {
	isLocal := local(name)
	stages := map[string]bool{}
	arguments := map[string]string{}
	var user User
	last := map[string]Command{} // of the stage; a later one forgets it
	for _, ins := range instructions(string(text)) {
		at := Place{name, ins.line}
		switch ins.word {
		case "ARG":
			if k, v, ok := strings.Cut(ins.rest, "="); ok {
				arguments[strings.TrimSpace(k)] = strings.Trim(v, `"'`)
			}
		case "FROM":
			ref, stage := from(ins.rest, arguments)
			user, last = User{Place: at, Base: ref}, map[string]Command{}
			if !stages[strings.ToLower(ref)] && ref != "scratch" && !strings.Contains(ref, "$") {
				f.Images = append(f.Images, Image{at, ref, isLocal})
			}
			if stage != "" {
				stages[strings.ToLower(stage)] = true
			}
		case "USER":
			user.Place, user.Name = at, ins.rest
		case "ENV":
			for _, kv := range assignments(ins.rest) {
				f.Settings = append(f.Settings, Setting{at, kv[0], kv[1], isLocal})
			}
		case "HEALTHCHECK":
			if !strings.EqualFold(strings.TrimSpace(ins.rest), "NONE") {
				f.Probes = append(f.Probes, at)
			}
		case "CMD", "ENTRYPOINT":
			words, exec := execForm(ins.rest)
			text := strings.Join(words, " ")
			// "exec node main.js" replaces the shell, so that the signals reach node.
			last[ins.word] = Command{at, text, !exec && !strings.HasPrefix(text, "exec "), isLocal}
		case "RUN":
			if migrates(ins.rest) {
				f.Migrates = append(f.Migrates, at)
			}
		}
	}
	for _, word := range []string{"ENTRYPOINT", "CMD"} {
		if c, ok := last[word]; ok {
			f.command(c.Place, c.Text, c.Shell, c.Local)
		}
	}
	if user.File != "" && !isLocal {
		f.Users = append(f.Users, user)
	}
	return nil
}

// from splits "--platform=x image AS stage".
func from(rest string, arguments map[string]string) (ref, stage string) {
	words := strings.Fields(rest)
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", ""
	}
	ref = words[0]
	for k, v := range arguments {
		ref = strings.NewReplacer("${"+k+"}", v, "$"+k, v).Replace(ref)
	}
	if len(words) >= 3 && strings.EqualFold(words[1], "as") {
		stage = words[2]
	}
	return ref, stage
}

// execForm reads a command: a JSON list is run as it is, anything else by a shell.
func execForm(rest string) (words []string, exec bool) {
	if json.Unmarshal([]byte(rest), &words) == nil {
		return words, true
	}
	return []string{rest}, false
}

type instruction struct {
	word, rest string
	line       int
}

// instructions joins continued lines and leaves comments out.
func instructions(text string) []instruction {
	var out []instruction
	var held strings.Builder
	start := 0
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" && held.Len() == 0 || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if held.Len() == 0 {
			start = i + 1
		}
		if more, ok := strings.CutSuffix(trimmed, "\\"); ok {
			held.WriteString(more + " ")
			continue
		}
		held.WriteString(trimmed)
		word, rest, _ := strings.Cut(strings.TrimSpace(held.String()), " ")
		out = append(out, instruction{strings.ToUpper(word), strings.TrimSpace(rest), start})
		held.Reset()
	}
	return out
}

// assignments reads the pairs of ENV: "A=b C=\"d e\"", or the old "A b".
func assignments(rest string) [][2]string {
	if first, _, ok := strings.Cut(rest, "="); !ok || strings.ContainsAny(strings.TrimSpace(first), " \t") {
		k, v, _ := strings.Cut(rest, " ")
		return [][2]string{{k, strings.TrimSpace(v)}}
	}
	var out [][2]string
	var key, value strings.Builder
	into, quote := &key, rune(0)
	end := func() {
		if key.Len() > 0 {
			out = append(out, [2]string{key.String(), value.String()})
		}
		key.Reset()
		value.Reset()
		into = &key
	}
	for _, r := range rest {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && (r == ' ' || r == '\t'):
			end()
		case quote == 0 && r == '=' && into == &key:
			into = &value
		default:
			into.WriteRune(r)
		}
	}
	end()
	return out
}

// procfile reads lines of "name: command".
func (f *Facts) procfile(name string, text []byte) error {
	for i, line := range strings.Split(string(text), "\n") {
		if kind, command, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(strings.TrimSpace(kind), "#") {
			f.command(Place{name, i + 1}, command, false, local(name))
		}
	}
	return nil
}
