package code_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/source/code"
)

func parse(t *testing.T, name, src string) *code.File {
	t.Helper()
	f, err := code.Parse(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// calls lists what a file calls, with the line: the same in every language.
func calls(f *code.File) []string {
	var out []string
	f.Walk(func(n *code.Node) bool {
		if n.Kind == code.Call && n.X.Dotted() != "" {
			arg := ""
			if a := n.Arg(0); a.Is(code.String) {
				arg = a.Text
			}
			out = append(out, strings.Repeat("|", n.Line)+n.X.Dotted()+"("+arg+")")
		}
		return true
	})
	return out
}

func TestCallsInEveryLanguage(t *testing.T) {
	for name, src := range map[string]string{
		"a.ts":  "interface A { b: string }\nconst s: A = x as A;\napp.get<string>('/a', (r: Request) => r);\n\nif (s) { app.post(`/b`, h!); }\n",
		"a.tsx": "type P = {};\nconst C = () => <div>{f}</div>;\napp.get('/a');\n\napp.post(\"/b\");\n",
		"a.js":  "\n\napp.get('/a', async function () { return 1 });\n\napp.post('/b');",
		"a.py":  "\n# app.no('/x')\napp.get('/a', lambda x: x)\nif True:\n    app.post(\n        '/b')\n",
		"a.go":  "package a\nfunc f() {\n\tapp.get(`/a`)\n\n\tapp.post(\"/b\", func() {})\n}\n",
	} {
		want := []string{"|||app.get(/a)", "|||||app.post(/b)"}
		got := slices.DeleteFunc(calls(parse(t, name, src)), func(s string) bool { return !strings.Contains(s, "app.") })
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestDecorators(t *testing.T) {
	f := parse(t, "a.ts", "import { Controller, Get } from '@nestjs/common';\n@Controller('cats')\nexport class Cats {\n  @Get(':id')\n  find(@Param('id') id: string) {}\n}\n@Controller()\nclass Dogs { @Get() all() {} }\n")
	var got []string
	f.Walk(func(n *code.Node) bool {
		for _, d := range n.Decorators {
			arg := ""
			if a := d.Arg(0); a.Is(code.String) {
				arg = a.Text
			}
			got = append(got, n.Text+"@"+d.Last()+arg)
		}
		return true
	})
	if want := []string{"Cats@Controllercats", "find@Get:id", "id@Paramid", "Dogs@Controller", "all@Get"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if strings.Contains(strings.Join(calls(f), " "), "__decorate") {
		t.Error("what esbuild made of decorators is still there")
	}
}

func TestPython(t *testing.T) {
	f := parse(t, "a.py", `from .x import (a as b,
    c)
import d.e as f, g.h
@router.get("/x" "/y", dependencies=[Depends(z)])
async def handler(q: Annotated[User, Depends(u)] = None, *args, k: int = 1, **kw) -> Reply:
    """text"""
    if not (user := q) and x is not None: raise HTTPException(status_code=401)
    elif y: pass
    else:
        return {"a": 1, **kw, "b": [i for i in z if i]}
    try:
        with open(p) as fh, g(): data = f"a{x!r:>10}b{{c}}"
    except (A, B) as e:
        yield x
    match q:
        case [1, *rest]: w = 1
match = 1
class C(Base, metaclass=M):
    field: str = "v"
    other = a if b else c
x = y = 5
print(*args, sep="\
")
`)
	kinds := map[code.Kind]int{}
	var fn, class *code.Node
	f.Walk(func(n *code.Node) bool {
		kinds[n.Kind]++
		switch {
		case n.Is(code.Func) && n.Text == "handler":
			fn = n
		case n.Is(code.Class):
			class = n
		}
		return true
	})
	if fn == nil || class == nil {
		t.Fatal("the function or the class is lost")
	}
	if len(fn.List) != 4 || fn.List[0].Y == nil || !fn.List[0].X.Is(code.Constant) || fn.List[2].Text != "k" {
		t.Errorf("parameters: %+v", fn.List)
	}
	if d := fn.Decorators; len(d) != 1 || d[0].Arg(0).Text != "/x/y" || !d[0].Named("dependencies").Is(code.Array) {
		t.Errorf("the decorator is not what was written")
	}
	if len(class.Body) != 2 || class.Line != 18 || class.List[1].Text != "metaclass" {
		t.Errorf("class: %+v", class)
	}
	for k, least := range map[code.Kind]int{code.Throw: 1, code.Return: 1, code.Try: 1, code.With: 1, code.If: 4, code.Import: 3, code.Template: 1, code.Cond: 1, code.Spread: 2} {
		if kinds[k] < least {
			t.Errorf("kind %d: got %d nodes, want at least %d", k, kinds[k], least)
		}
	}
}

// What is broken is said; in Python the rest of the file is still read.
func TestBroken(t *testing.T) {
	for name, src := range map[string]string{"a.ts": "const = ;", "a.go": "package a\nfunc {", "a.js": "function(", "a.rb": "x", "a.d.ts": "type X = 1"} {
		if _, err := code.Parse(name, []byte(src)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
	f, err := code.Parse("a.py", []byte("x = = 2\n$$$\n@app.get('/a')\ndef f(:\n  pass\n@app.post('/b')\ndef g(): pass\n"))
	if err == nil || f == nil || !strings.Contains(strings.Join(calls(f), " "), "app.post(/b)") {
		t.Errorf("got %v and %v: one line that is no Python must not hide the rest", f, err)
	}
}

func TestDeep(t *testing.T) {
	for name, src := range map[string]string{
		"a.py": strings.Repeat("(", 100_000), "b.py": "x = " + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000), "c.py": strings.Repeat("not ", 100_000) + "x",
		"d.py": strings.Repeat("if x:\n", 1) + strings.Repeat(" ", 200) + "y\n", "e.py": "x" + strings.Repeat(".a", 100_000), "f.py": "-" + strings.Repeat("-", 100_000) + "1",
		"g.py": "x = " + strings.Repeat("a if b else ", 50_000) + "c", "h.py": "f" + strings.Repeat("'{f", 3000), "i.py": strings.Repeat("if a: ", 20_000), "j.py": strings.Repeat("lambda: ", 50_000) + "1",
		"b.js": "x" + strings.Repeat(".a", 100_000), "c.js": "x = 1" + strings.Repeat(" + 1", 100_000), "b.go": "package a\nvar x = 1" + strings.Repeat(" + 1", 50_000),
		"a.js": strings.Repeat("[", 3_000) + strings.Repeat("]", 3_000), "a.go": "package a\nvar x = " + strings.Repeat("(", 3_000) + "1" + strings.Repeat(")", 3_000),
	} {
		file, err := code.Parse(name, []byte(src)) // must come back, with a tree that can be walked
		if err == nil && file == nil {
			t.Errorf("%s: neither a file nor an error", name)
		}
		if d := depth(file); d > 4000 {
			t.Errorf("%s: the tree is %d deep", name, d)
		}
	}
}

func depth(f *code.File) int {
	if f == nil {
		return 0
	}
	deepest := 0
	var walk func(n *code.Node, d int)
	walk = func(n *code.Node, d int) {
		if n == nil {
			return
		}
		deepest = max(deepest, d)
		walk(n.X, d+1)
		walk(n.Y, d+1)
		for _, list := range [][]*code.Node{n.List, n.Body, n.Else} {
			for _, c := range list {
				walk(c, d+1)
			}
		}
	}
	for _, n := range f.Body {
		walk(n, 1)
	}
	return deepest
}

func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		file, err := code.Parse(name, []byte(src))
		if err == nil && file == nil {
			t.Fatal("neither a file nor an error")
		}
		if file == nil {
			return
		}
		lines := 2
		for _, end := range []string{"\n", "\r", "\u2028", "\u2029"} { // of a script (ECMA-262, 12.3)
			lines += strings.Count(src, end)
		}
		file.Walk(func(n *code.Node) bool {
			if n.Line < 0 || n.Line > lines {
				t.Fatalf("line %d of %d", n.Line, lines)
			}
			return true
		})
	})
}

func FuzzPython(f *testing.F) {
	fuzz(f, "a.py", "@app.get('/x')\ndef f(a: int = 1, *b): return a", "class C(D):\n  x: int = 1\n\n\ty", "f'{a!r:{b}}'", "try:\n  pass\nexcept* E as e: x", "if a:\n b\n  c\n d", "'''", "x = \\\n 1", "lambda *a, b=1: (yield)")
}

func FuzzScript(f *testing.F) {
	fuzz(f, "a.ts", "app.get(`/${x}`, (a?: string) => a!)", "@A() export class B { @C() d(@E() f) {} }", "export { a as b } from './c'", "const {a, b: {c = 1}, ...d} = e", "x ||= `${`${y}`}`")
}

func FuzzGo(f *testing.F) {
	fuzz(f, "a.go", "package a\nfunc (s *S) f(r chi.Router) { r.Get(\"/\", s.x) }", "package a\ntype T struct { A int `env:\"X\"` }", "package a\nvar _ = T[int]{1: {2}}")
}
