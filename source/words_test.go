package source

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestWords(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    dialect
		src  string
		want string
	}{
		{"Ruby", rubyWords, `get "a/#{x["b"]}", to: 'c#d' # "no"`, `get "a/" , to : "c#d" `},
		{"Ruby, symbols and words", rubyWords, `only: %i[index show], on: :member`, `only : [ :index , :show ] , on : :member `},
		{"Ruby, names with marks", rubyWords, `save! if valid? && a != b`, `save! if valid? && a ! = b `},
		{"Ruby, a constant", rubyWords, `A::B`, `A :: B `},
		{"Ruby, an expression", rubyWords, `match /it's "x"/ do`, `match "" do `},
		{"Ruby, a division", rubyWords, `a = (b) / 2`, `a = ( b ) / 2 `},
		{"Ruby, a text of lines", rubyWords, "x = <<~SQL.squish\n  it's\n  SQL\ny", `x = "" . squish y `},
		{"Ruby, a comment of lines", rubyWords, "a\n=begin\nit's\n=end\nb", `a b `},
		{"PHP", phpWords, `Route::get("/a/{$b}", fn () => 'x'); // no`, `Route :: get ( "/a/{$b}" , fn ( ) => "x" ) ; `},
		{"PHP, names", phpWords, `use App\Http\Kernel as K; #[Attr]`, `use App Http Kernel as K ; # [ Attr ] `},
		{"Java", javaWords, `@GetMapping("/a") /* "no" */ List<A> all() { return "\""; }`, `@ GetMapping ( "/a" ) List < A > all ( ) { return """ ; } `},
		{"Java, a block of text", javaWords, "x = \"\"\"\n it's \"y\"\n\"\"\";", "x = \"\n it's \"y\"\n\" ; "},
		{"what is not closed", javaWords, "a \"b\nc", `a "b" c `},
		{"nothing", phpWords, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := spoken(words(tc.src, tc.d)); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestWordsKeepTheirLines(t *testing.T) {
	for d, src := range map[dialect]string{
		rubyWords: "a\n=begin\nx\n=end\nx = <<~T\n one\n two\nT\n\"t\nt\"\nhere",
		phpWords:  "/* a\nb */ 'x\ny' # c\nhere",
		javaWords: "// a\n\"\"\"\nb\n\"\"\" /*\n*/ here",
	} {
		ws := words(src, d)
		last := ws[len(ws)-1]
		if want := 1 + strings.Count(src, "\n"); last.text != "here" || last.at != want {
			t.Errorf("%d: %q stands at %d, want %d", d, last.text, last.at, want)
		}
	}
}

func TestPartsAndBrackets(t *testing.T) {
	ws := words(`("a", [b, c], f(d, e), {g: h})`, javaWords)
	if end := closes(ws, 0); end != len(ws)-1 {
		t.Errorf("it closes at %d of %d", end, len(ws))
	}
	if got := parts(ws[1 : len(ws)-1]); len(got) != 4 || spoken(got[2]) != "f ( d , e ) " {
		t.Errorf("got %d parts", len(got))
	}
	if closes(words("((", javaWords), 0) != 2 || len(parts(nil)) != 0 {
		t.Error("what is not closed ends elsewhere")
	}
}

// TestCovers holds that a pattern never covers more than it says: it decides who is guarded.
func TestCovers(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		want          opinion
	}{
		{"/**", "/a/b", isGuard}, {"/a/**", "/a", isGuard}, {"/a/**", "/a/b/{c}", isGuard}, {"/a/**", "/ab", isNot}, {"/a/*", "/a/b", isGuard}, {"/a/*", "/a/{b}", isGuard},
		{"/a/*", "/a/b/c", isNot}, {"/a", "/a/b", isNot}, {"/a/b", "/a/{x}", mayBe}, {"/a/{x}", "/a/b", isGuard}, {"/a/b*", "/a/b", mayBe}, {"/a/**/c", "/a/b/c", mayBe},
		{"/a/*", "/a/{wildcard}", mayBe}, {"/a", "/a/{wildcard}", mayBe}, {"/a/**", "/{?}", mayBe}, {"/", "/", isGuard}, {"/{x:[0-9]+}", "/1", mayBe},
	} {
		if got := covers(tc.pattern, tc.path); got != tc.want {
			t.Errorf("%s of %s: got %d, want %d", tc.pattern, tc.path, got, tc.want)
		}
	}
}

// TestManners holds that what reads alone, refuses alone or lets some pass is no guard.
func TestManners(t *testing.T) {
	say := func(src string, d dialect) string { return spoken(words(src, d)) }
	for _, tc := range []struct {
		name string
		m    manner
		body string
		want opinion
	}{
		{"Ruby, a guard", rubyManner(), say("head :unauthorized unless session[:user_id]", rubyWords), isGuard},
		{"Ruby, a redirect to sign in", rubyManner(), say("redirect_to login_path unless current_user", rubyWords), isGuard},
		{"Ruby, it only reads", rubyManner(), say("@user = User.find(session[:user_id])", rubyWords), isNot},
		{"Ruby, it refuses by something else", rubyManner(), say("head :unauthorized if Site.closed?", rubyWords), mayBe},
		{"Ruby, forbidden is no question of a credential", rubyManner(), say("head :forbidden unless current_user.admin?", rubyWords), isNot},
		{"Ruby, by a parameter", rubyManner(), say("head :unauthorized unless session[:id] || params[:demo]", rubyWords), mayBe},
		{"PHP, a guard", phpManner(), say("if (!$request->bearerToken()) { abort(401); }", phpWords), isGuard},
		{"PHP, by the path", phpManner(), say("if (!$request->is('x') && !Auth::check()) { abort(401); }", phpWords), mayBe},
		{"PHP, too many", phpManner(), say("if ($request->user()->over()) { abort(429); }", phpWords), isNot},
	} {
		if got, _ := tc.m.weigh(tc.body); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}

// TestNamedGuards holds that the owner's word counts, and only for what it names.
func TestNamedGuards(t *testing.T) {
	files := fstest.MapFS{
		"config/routes.rb":                       {Data: []byte("Rails.application.routes.draw do\n  get 'a', to: 'a#index'\n  get 'b', to: 'b#index'\nend\n")},
		"app/controllers/a_controller.rb":        {Data: []byte("class AController < ActionController::API\n  before_action :partner!\n  def index; end\nend\n")},
		"app/controllers/b_controller.rb":        {Data: []byte("class BController < ActionController::API\n  def index; end\nend\n")},
		"routes/api.php":                         {Data: []byte("<?php\nRoute::get('/c', fn () => 1)->middleware('partner');\nRoute::get('/d', fn () => 1);\n")},
		"src/main/java/acme/EController.java":    {Data: []byte("@RestController class EController {\n  @Partner @GetMapping(\"/e\") String e() { return \"\"; }\n  @GetMapping(\"/f\") String f() { return \"\"; }\n}\n")},
		"src/main/java/acme/notes.txt":           {Data: []byte("nothing")},
		"src/test/java/acme/TestController.java": {Data: []byte("@RestController class TestController {\n  @GetMapping(\"/test\") String e() { return \"\"; }\n}\n")},
	}
	tree, err := Read(context.Background(), files, Options{Guards: []string{"partner!", "partner", "Partner"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range tree.Routes {
		got = append(got, r.String()+" "+r.State.String())
	}
	if want := []string{"GET /a guarded", "GET /api/c guarded", "GET /api/d unguarded", "GET /b unguarded", "GET /e guarded", "GET /f unguarded"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"resources :a do\n  member do\n", "Route::group(['prefix' => 'x'], function () { Route::get(", "@RestController class A { @GetMapping(", "x = <<~A\n", "%w[", "/*", "\"#{", "=begin\n", ".requestMatchers(", "concern :a do\nconcerns :a\nconcerns :a\nend\nconcerns :a", "@RestController class A { @@g", "Route::resources([", "Route::group([,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		files := fstest.MapFS{}
		for _, name := range []string{"config/routes.rb", "app/controllers/a_controller.rb", "routes/api.php", "bootstrap/app.php", "app/Http/Kernel.php", "A.java", "B.kt"} {
			files[name] = &fstest.MapFile{Data: []byte(s)}
		}
		files["config/routes/x.rb"] = &fstest.MapFile{Data: []byte("resources :as\n" + s)}
		tree, err := Read(context.Background(), files, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range tree.Skipped {
			if strings.Contains(k.Reason, "broke") {
				t.Error(k.Reason)
			}
		}
		for _, r := range tree.Routes {
			if r.Line < 1 || r.Line > strings.Count(s, "\n")+2 || r.File == "" || r.State == Unknown && r.Why == "" && len(r.Unresolved) == 0 {
				t.Errorf("%s at %s:%d is %s for no reason", r.String(), r.File, r.Line, r.State)
			}
		}
	})
}
