package guard_test

import (
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
)

func TestMember(t *testing.T) {
	for key, want := range map[string][2]bool{ // is, whole
		"chat_id": {true, true}, "Chat_ID": {true, true}, "chat_id[]": {true, true}, "chat_id[0]": {true, true}, "x[chat_id]": {true, true}, "x.chat_id": {true, true}, "x[0][chat_id][1]": {true, true},
		"chat_id[$ne]": {true, false}, "chat_id.x": {true, false}, "x[chat_id][gt]": {true, false},
		"chat.id": {true, true}, "chat id": {true, true}, "chat[id": {true, true}, " chat_id": {true, true}, "  chat.id[]": {true, true}, "chat_id\x00x": {true, true}, "chat.id\x00[$ne]": {true, true}, "chat.id[$ne]": {true, false},
		"chatid": {}, "chat_idx": {}, "xchat_id": {}, "chat": {}, "id": {}, "": {}, "[": {}, "\x00chat_id": {}, "chat-id": {}, "x[chat.id]y": {},
	} {
		if is, whole := guard.Member(key, "chat_id"); is != want[0] || whole != want[1] {
			t.Errorf("%q: %t %t, want %v", key, is, whole, want)
		}
	}
}

// FuzzMember: whatever PHP would take for the name is the name (as main/php_variables.c
// makes a variable's name of a key).
func FuzzMember(f *testing.F) {
	for _, s := range []string{"chat.id", " chat id", "chat[id", "chat_id[x]", "chat.id\x00", "a[b]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		is, whole := guard.Member(key, "chat_id")
		if whole && !is {
			t.Error("whole, and not the name")
		}
		php, _, _ := strings.Cut(strings.TrimLeft(key, " "), "\x00")
		if at := strings.IndexByte(php, '['); at > 0 && strings.IndexByte(php[at:], ']') > 0 {
			php = php[:at]
		}
		if strings.NewReplacer(" ", "_", ".", "_", "[", "_").Replace(php) == "chat_id" && !is {
			t.Errorf("%q is the name in PHP", key)
		}
	})
}
