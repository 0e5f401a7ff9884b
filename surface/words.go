package surface

// verbs maps what paths say to what they mean. Words that are nouns as often
// as verbs (report, share, comment) are missing on purpose.
var verbs = map[string]string{
	"create": "create", "new": "create", "add": "create", "insert": "create", "make": "create", "store": "create", "save": "create",
	"list": "list", "all": "list", "index": "list", "browse": "list",
	"get": "read", "show": "read", "view": "read", "read": "read", "fetch": "read", "detail": "read", "details": "read", "info": "read", "retrieve": "read", "load": "read",
	"update": "update", "edit": "update", "modify": "update", "rename": "update", "change": "update", "set": "update", "patch": "update",
	"delete": "delete", "remove": "delete", "destroy": "delete", "del": "delete",
	"search": "search", "find": "search", "query": "search", "lookup": "search", "filter": "search", "autocomplete": "search", "suggest": "search",
	"export": "export", "dump": "export", "backup": "export",
	"download": "download", "content": "download", "raw": "download", "file": "download", "blob": "download", "pdf": "download", "csv": "download", "thumbnail": "download",
	"upload": "upload",
	"count":  "aggregate", "stats": "aggregate", "statistics": "aggregate", "summary": "aggregate", "total": "aggregate", "totals": "aggregate", "aggregate": "aggregate",
	"archive": "act", "unarchive": "act", "restore": "act", "enable": "act", "disable": "act", "activate": "act", "deactivate": "act", "publish": "act",
	"unpublish": "act", "cancel": "act", "approve": "act", "reject": "act", "accept": "act", "decline": "act", "resend": "act", "send": "act", "start": "act",
	"stop": "act", "pause": "act", "resume": "act", "retry": "act", "run": "act", "execute": "act", "move": "act", "copy": "act", "clone": "act", "fork": "act",
	"merge": "act", "close": "act", "reopen": "act", "lock": "act", "unlock": "act", "pin": "act", "unpin": "act", "follow": "act", "unfollow": "act",
	"favorite": "act", "favourite": "act", "like": "act", "unlike": "act", "join": "act", "leave": "act", "transfer": "act", "validate": "act", "verify": "act",
	"confirm": "act", "rotate": "act", "regenerate": "act", "revoke": "act", "suspend": "act", "ban": "act", "unban": "act", "mark": "act", "assign": "act",
	"import": "act", "duplicate": "act", "bulk": "act", "batch": "act", "reset": "act", "toggle": "act", "submit": "act", "complete": "act", "test": "act", "sync": "act", "reindex": "act",
}

// rpcVerbs begin names such as getChat and list-chats.
var rpcVerbs = map[string]string{
	"get": "read", "fetch": "read", "read": "read", "show": "read", "retrieve": "read", "load": "read", "view": "read",
	"list": "list", "all": "list", "create": "create", "add": "create", "new": "create", "insert": "create",
	"update": "update", "edit": "update", "modify": "update", "rename": "update", "set": "update",
	"delete": "delete", "remove": "delete", "destroy": "delete", "search": "search", "find": "search", "query": "search",
	"export": "export", "download": "download", "upload": "upload", "count": "aggregate",
}

// single names things of which a caller or a parent has one, whatever their
// grammatical number.
var single = map[string]bool{"settings": true, "setting": true, "preferences": true, "config": true, "configuration": true, "configurations": true, "options": true,
	"limits": true, "quota": true, "status": true, "analytics": true, "plan": true, "subscription": true, "profile": true, "account": true, "billing": true,
	"dashboard": true, "overview": true, "metadata": true, "details": true, "permissions": true, "access": true, "address": true, "usage": true, "balance": true}

// mass names things that are many in the singular.
var mass = map[string]bool{"log": true, "history": true, "feed": true, "timeline": true, "activity": true, "inbox": true, "audit": true, "catalog": true,
	"library": true, "trail": true, "list": true, "outbox": true, "queue": true, "directory": true, "roster": true, "backlog": true, "debug": true}

func isMass(seg string) bool {
	w := wordsOf(seg)
	return len(w) > 0 && mass[w[len(w)-1]]
}

func isSingle(seg string) bool {
	w := wordsOf(seg)
	return len(w) > 0 && single[w[len(w)-1]]
}
