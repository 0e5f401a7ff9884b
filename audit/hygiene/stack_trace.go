package hygiene

import (
	"context"

	lr "github.com/launchready/launchready"
)

func stackTrace(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/stack-trace",
		Title: "Errors show no stack trace and no exception of the runtime",
		Why: "A stack trace tells which framework in which version runs, how the code is cut, where it is installed and which line an input broke. " +
			"It turns probing into reading, and a reviewer takes it for the sign that nobody looks at what production answers.",
		Fix: "Let one handler at the outermost place turn whatever was not foreseen into a problem without details (RFC 9457), and write the rest to the log " +
			"under a request id that the reply carries. Switch off development modes by the environment, not by hand.",
		Guard:    "scrub_errors",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, errorText, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return c.judge(ctx, t, nil, "an error shows")
		},
	}
}

// traceSigns are frames: no text but that of a trace has them.
var traceSigns = []sign{
	newSign("a Go stack trace", `.go:|goroutine `, `goroutine \d{1,9} \[[a-z ,.0-9()]+\]:|(?m)^\s*\S+\.go:\d{1,6}(?: \+0x[0-9a-f]+)?\s*$|[\w./*()-]{3,}\n\s+\S+\.go:\d{1,6}\b`),
	newSign("a Python traceback", `traceback|", line `, `Traceback \(most recent call last\)|File "[^"\n]+", line \d{1,6}`),
	newSign("a JavaScript stack trace", `at `, `(?:^|[\s\x{a0}>",])at (?:async |new )?(?:[^\s()<>"]|<anonymous>)*(?: \[as [^\]\n]+\])?[\s\x{a0}]?\(?(?:file:///?|node:|webpack[\w-]*:|/|[A-Za-z]:\\{1,2})[^()\s<>"]+:\d{1,6}:\d{1,6}`),
	newSign("a Java stack trace", `.java|.kt|.scala|.groovy|native method|unknown source`, `\bat (?:[\w$.]+/)?(?:[\w$-]+\.)+[\w$<>]+\((?:[\w$-]+\.(?:java|kt|scala|groovy)(?::\d{1,6})?|Native Method|Unknown Source)\)`),
	newSign("a .NET stack trace", `:line |end of stack trace|at system.|at microsoft.|inner exception stack`, `\bat [\w.<>`+"`"+`+\[\],|]{3,}\([^)\n]*\) in [^\n]+:line \d{1,6}|\bat (?:System|Microsoft)\.[\w.<>`+"`"+`+\[\],|]{3,}\(|--- End of (?:inner exception )?stack trace`),
	newSign("a PHP stack trace", `.php`, `#\d{1,3} [^\n]+\.php\(\d{1,6}\)|Stack trace:\s{0,10}#0 |(?s:"file":\s?"[^"]+\.php",\s*"line":\s?\d{1,6})`),
	newSign("a PHP error message", `.php`, `(?:Fatal error|Parse error|Warning|Notice|Deprecated)(?:</b>)?:\s{1,4}[^\n]+ in (?:<b>)?[^\n<]+\.php(?:</b>)? on line`),
	newSign("a Ruby stack trace", `.rb:`, `[\w/.@-]+\.rb:\d{1,6}:in [`+"`"+`'"]`),
	newSign("a Rust backtrace", `panicked at|stack backtrace|.rs:`, `thread '[^'\n]*' (?:\(\d{1,9}\) )?panicked at|stack backtrace:\s{1,10}0: |\bat [\w/.@-]+\.rs:\d{1,6}:\d{1,6}`),
	newSign("an Elixir stack trace", `.ex:|.exs:|.erl:`, `\([a-z]\w*(?: \d[\w.-]*)?\) [\w/.-]+\.(?:exs?|erl):\d{1,6}: [\w.]|\*\* \([\w.]+(?:Error|Exception)?\)[^\n]*\n\s{1,8}[\w/.()\s-]+\.exs?:\d`),
}

// exceptionSigns are what a runtime says, without the trace.
var exceptionSigns = []sign{
	newSign("a Go panic", `runtime error: |interface conversion: `, `runtime error: (?:invalid memory address or nil pointer dereference|index out of range|slice bounds out of range|integer divide by zero|makeslice|hash of unhashable)|interface conversion: (?:interface \{\}|[\w.]+) is `),
	newSign("a Python exception", `error: |error(|unsupported operand|is not iterable|object has no attribute|nonetype`, `'NoneType' object |\b(?:AttributeError|KeyError|TypeError|ValueError|IndexError|ImportError|ModuleNotFoundError|UnicodeDecodeError|RecursionError|ZeroDivisionError|NameError|UnboundLocalError)(?:: |\()[^\n]{2}|object has no attribute '|unsupported operand type\(s\)|argument of type '\w+' is not iterable`),
	newSign("a JavaScript exception", `undefined|null|is not |error: `, `Cannot (?:read|set) propert(?:y|ies) (?:'[^']*' )?of (?:undefined|null)|\b[\w.$]+(?:\(\.\.\.\))? is not (?:a function|iterable|a constructor)\b|\b(?:TypeError|ReferenceError|RangeError|URIError|EvalError)(?: \[[A-Z_]{3,}\])?: [^\n"]{3}|Cannot destructure property|Cannot convert undefined or null to object`),
	newSign("a Java exception", `exception|error|cannot invoke "`, `\b(?:java|javax|jakarta|org|com|io|net|kotlin|scala|reactor)(?:\.[a-z_][\w]*){1,9}\.[A-Z][\w$]*(?:Exception|Error)\b|Cannot invoke "[^"\n]+" because |\bNullPointerException\b`),
	newSign("a .NET exception", `exception|object reference`, `\b(?:System|Microsoft)(?:\.[A-Z]\w*){0,8}\.[A-Z]\w*Exception\b|Object reference not set to an instance of an object`),
	newSign("a PHP exception", `undefined |exception|must be of type|app\|uncaught`, `Undefined (?:index|offset|variable|array key|property)[: ]|\b(?:Illuminate|Symfony|App|Doctrine|GuzzleHttp|Laravel|Psr|Yiisoft)(?:\\{1,2}[A-Z]\w*){1,8}(?:::|\(|Exception|Error)|Argument #\d{1,2} \(\$\w+\) must be of type|Uncaught (?:\\?\w+\\?)?(?:Error|Exception|TypeError)`),
	newSign("a Ruby exception", `undefined method|nomethoderror|nilclass|uninitialized constant|activemodel::|actioncontroller::|#<`, `undefined (?:local variable or )?method [`+"`"+`'][^'\n]+' for |\bNoMethodError\b|nil:NilClass|uninitialized constant [A-Z]|\b(?:ActionController|ActiveModel|ActionView|ActionDispatch)::[A-Z]\w+|#<[A-Z]\w*(?:::\w+){0,6}:0x[0-9a-f]{6,}`),
	newSign("a Rust panic", "unwrap()|panicked", "called `(?:Option|Result)::(?:unwrap|expect)\\w{0,12}\\(\\)` on|panicked at '"),
	newSign("an Elixir exception", `no function clause|(matcherror)|(functionclauseerror)|argumenterror|ecto.`, `no function clause matching in [A-Z:]|\*\* \([A-Z][\w.]+Error\)|\((?:MatchError|FunctionClauseError|ArgumentError|KeyError)\) `),
}
