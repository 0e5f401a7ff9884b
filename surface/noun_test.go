package surface

import (
	"slices"
	"testing"
)

func TestWordsOf(t *testing.T) {
	for in, want := range map[string][]string{
		"chatMessages":   {"chat", "messages"},
		"ChatMessages":   {"chat", "messages"},
		"chat-messages":  {"chat", "messages"},
		"chat_messages":  {"chat", "messages"},
		"HTTPRoutes":     {"http", "routes"},
		"userID":         {"user", "id"},
		"user.list":      {"user", "list"},
		"_debug":         {"debug"},
		"v1":             {"v1"},
		"":               nil,
		"--":             nil,
		"Füße-und-Hände": {"füße", "und", "hände"},
	} {
		if got := wordsOf(in); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSingularAndPlural(t *testing.T) {
	for many, one := range map[string]string{
		"chats":      "chat",
		"companies":  "company",
		"boxes":      "box",
		"branches":   "branch",
		"dishes":     "dish",
		"classes":    "class",
		"people":     "person",
		"children":   "child",
		"statuses":   "status",
		"addresses":  "address",
		"analyses":   "analysis",
		"invoices":   "invoice",
		"responses":  "response",
		"databases":  "database",
		"licenses":   "license",
		"movies":     "movie",
		"files":      "file",
		"replies":    "reply",
		"workspaces": "workspace",
	} {
		if got := Singular(many); got != one {
			t.Errorf("singular of %s: got %s, want %s", many, got, one)
		}
		if got := Singular(one); got != one {
			t.Errorf("singular of %s, which is one: got %s", one, got)
		}
		if got := pluralize(one); got != many {
			t.Errorf("plural of %s: got %s, want %s", one, got, many)
		}
		if !plural(many) || plural(one) {
			t.Errorf("%s and %s: got plural %v and %v", many, one, plural(many), plural(one))
		}
	}
	for _, same := range []string{"status", "news", "dns", "analytics", "access", "is", "us", "bus", "jwks"} {
		if got := Singular(same); got != same {
			t.Errorf("%s is no plural: got %s", same, got)
		}
	}
}

func TestFoldMakesSpellingsOne(t *testing.T) {
	for _, group := range [][]string{
		{"chatRooms", "chat-rooms", "chat_room", "ChatRoom", "chatrooms"},
		{"people", "person", "Person"},
		{"apiKeys", "api-keys", "apikey"},
	} {
		for _, s := range group[1:] {
			if fold(s) != fold(group[0]) {
				t.Errorf("%s gives %s, %s gives %s", s, fold(s), group[0], fold(group[0]))
			}
		}
	}
	if fold("chats") == fold("rooms") {
		t.Error("chats and rooms are one")
	}
}

func TestParamNoun(t *testing.T) {
	for in, want := range map[string]string{
		"chat_id":           "chat",
		"chatId":            "chat",
		"chatID":            "chat",
		"chatid":            "chat",
		"chat":              "chat",
		"id":                "",
		"uuid":              "",
		"slug":              "",
		"name":              "",
		"username":          "user",
		"user_name":         "user",
		"api_key":           "apikey",
		"book_title":        "book",
		"prompt_number":     "prompt",
		"share_token":       "share",
		"parent_message_id": "message",
		"ticket_pk":         "ticket",
		"paid":              "paid",
		"path":              "",
		"":                  "",
	} {
		if got := paramNoun(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestIDName(t *testing.T) {
	for in, want := range map[string]bool{
		"chat_id": true, "chatId": true, "tenant_uuid": true, "chatid": true, "collection_slug": true,
		"id": false, "title": false, "paid": false, "valid": false, "grid": false, "limit": false, "ids": false,
	} {
		if got := idName(in); got != want {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

func TestFrame(t *testing.T) {
	for _, s := range []string{"api", "v1", "V2", "v1beta1", "v1.2", "2024-01-01", "rest"} {
		if !frame(s) {
			t.Errorf("%s says nothing of what it holds", s)
		}
	}
	for _, s := range []string{"chats", "vip", "version", "v", "admin"} {
		if frame(s) {
			t.Errorf("%s was taken for a frame", s)
		}
	}
}

func TestKinOfItself(t *testing.T) {
	for _, n := range []string{"user", "chat", "message", "file", "tenant", "repo", "owner"} {
		if slices.Contains(kin(n), n) {
			t.Errorf("%s is its own kin", n)
		}
		if len(kin(n)) == 0 {
			t.Errorf("%s has no kin", n)
		}
	}
	if kin("zebra") != nil {
		t.Error("a zebra has kin")
	}
}

func TestFoldPathKeepsPlaces(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"/v1/chats/{id}/messages", "/v1/chat/{chat_id}/message", true},
		{"/v1/chats/{}/messages", "/v1/chats/{chat_id}/messages", true},
		{"/v1/chats", "/v2/chats", false},
		{"/chats/{id}", "/chats/id", false},
		{"/chats/", "/chats", true},
		{"/users/me", "/users/mine", false},
	} {
		if got := foldPath(split(tc.a)) == foldPath(split(tc.b)); got != tc.same {
			t.Errorf("%s and %s: got same %v, want %v", tc.a, tc.b, got, tc.same)
		}
	}
}

// TestNouns: versions and keys call nothing.
func TestNouns(t *testing.T) {
	for resource, want := range map[string][]string{
		"/v1/chats/{}/messages": {"chat", "message"},
		"/vms/{}":               {"vms"},
		"/api/v2/Companies":     {"api", "company"},
		"/statuses/":            {"status"},
		"":                      nil,
	} {
		if got := Nouns(resource); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", resource, got, want)
		}
	}
}
