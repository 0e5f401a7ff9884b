
set -u
LC_ALL=C
export LC_ALL

NL='
'
CR=$(printf '\r')
TAB=$(printf '\t')
PASSED=0 FAILED=0 SKIPPED=0 SENT=0
STATUS=000 REPLY='' HEAD='' BODY='' FIELD='' MADE='' QUOTED=''
# What tenant A writes into its objects. Whoever else is shown it sees A's data.
CANARY=lrx$$x${CANARY_SUFFIX:-$(date +%s 2>/dev/null)}

# result WORD CASE TEXT prints one line and counts it.
result() {
	case $1 in
	PASS) PASSED=$((PASSED + 1)) ;;
	FAIL) FAILED=$((FAILED + 1)) ;;
	SKIP) SKIPPED=$((SKIPPED + 1)) ;;
	esac
	printf '%s  %-16s %s\n' "$1" "$2" "$3"
}

# quote TEXT sets QUOTED: the text as it stands between double quotes in JSON and
# in a configuration of curl.
quote() {
	quote_rest=$1 QUOTED=
	while :; do
		case $quote_rest in
		*[\\\"]*)
			quote_head=${quote_rest%%[\\\"]*}
			quote_rest=${quote_rest#"$quote_head"}
			QUOTED=$QUOTED$quote_head\\${quote_rest%"${quote_rest#?}"}
			quote_rest=${quote_rest#?}
			;;
		*)
			QUOTED=$QUOTED$quote_rest
			return
			;;
		esac
	done
}

# option NAME VALUE writes a line of a configuration of curl.
option() {
	quote "$2"
	printf '%s = "%s"\n' "$1" "$QUOTED"
}

# ask WHO METHOD PATH [options of curl] sends one request and sets STATUS, HEAD,
# BODY and REPLY, which is all of it. STATUS is 000 when no answer came. Address
# and credential go to curl by its standard input: a command line can be read by
# others on this machine.
ask() {
	ask_who=$1 ask_method=$2 ask_path=$3
	shift 3
	STATUS=000 REPLY='' HEAD='' BODY=''
	if [ "$SENT" -ge "$MAX_REQUESTS" ]; then
		return
	fi
	SENT=$((SENT + 1))
	REPLY=$({
		option url "$BASE_URL$(query "$ask_who" "$ask_path")"
		credential "$ask_who"
	} | curl -q -K - -sS -i -g --path-as-is --max-time "$TIMEOUT" --max-filesize 2000000 -H 'Expect:' \
		-X "$ask_method" -w '\n%{http_code}' "$@" 2>/dev/null)
	STATUS=${REPLY##*"$NL"}
	REPLY=${REPLY%"$NL"*}
	[ -n "$STATUS" ] || STATUS=000
	case $REPLY in
	*"$CR$NL$CR$NL"*)
		HEAD=${REPLY%%"$CR$NL$CR$NL"*}
		BODY=${REPLY#*"$CR$NL$CR$NL"}
		;;
	*) HEAD=$REPLY ;;
	esac
}

# ask_long METHOD PATH TYPE BODY is ask as A for a body that no command line holds.
# The body comes quoted as a configuration of curl has it.
ask_long() {
	STATUS=000 REPLY='' HEAD='' BODY=''
	if [ "$SENT" -ge "$MAX_REQUESTS" ]; then
		return
	fi
	SENT=$((SENT + 1))
	REPLY=$({
		option url "$BASE_URL$(query A "$2")"
		credential A
		option header "Content-Type: $3"
		printf 'data-raw = "%s"\n' "$4"
	} | curl -q -K - -sS -i -g --path-as-is --max-time "$TIMEOUT" --max-filesize 2000000 -H 'Expect:' \
		-X "$1" -w '\n%{http_code}' 2>/dev/null)
	STATUS=${REPLY##*"$NL"}
	REPLY=${REPLY%"$NL"*}
	[ -n "$STATUS" ] || STATUS=000
	HEAD=${REPLY%%"$CR$NL$CR$NL"*}
	BODY=${REPLY#*"$CR$NL$CR$NL"}
}

# field NAME sets FIELD to the first text or number of that name in BODY.
field() {
	FIELD=
	case $BODY in
	*"\"$1\""*) ;;
	*) return 1 ;;
	esac
	field_rest=${BODY#*"\"$1\""}
	while :; do
		case $field_rest in
		:* | ' '* | "$TAB"* | "$NL"* | "$CR"*) field_rest=${field_rest#?} ;;
		*) break ;;
		esac
	done
	case $field_rest in
	'"'*)
		field_rest=${field_rest#?}
		FIELD=${field_rest%%\"*}
		;;
	[0-9]*) FIELD=${field_rest%%[!0-9]*} ;;
	esac
	[ -n "$FIELD" ]
}

# header NAME sets FIELD to a header field of the reply. The name is a pattern,
# since its letters may be large or small.
header() {
	FIELD=
	header_rest=$HEAD$CR$NL
	while :; do
		case $header_rest in
		*"$NL"*) ;;
		*) return 1 ;;
		esac
		header_line=${header_rest%%"$NL"*}
		header_rest=${header_rest#*"$NL"}
		# shellcheck disable=SC2254 # it is a pattern
		case $header_line in
		$1:*)
			FIELD=${header_line#*:}
			FIELD=${FIELD%"$CR"}
			FIELD=${FIELD# }
			return 0
			;;
		esac
	done
}

# made FIELD-NAME FALLBACK sets MADE to the key of what was created, or to the
# fallback: the id that was given in the environment.
made() {
	MADE=
	case $STATUS in
	2?? | 30[23])
		if field "$1" || field id; then
			MADE=$FIELD
		elif header '[Ll]ocation'; then
			MADE=${FIELD##*/}
		fi
		;;
	esac
	[ -n "$MADE" ] || MADE=$2
}

# unable CASE TEXT skips a case that got no answer to judge. It fails where there
# is one.
unable() {
	case $STATUS in
	000)
		if [ "$SENT" -ge "$MAX_REQUESTS" ]; then
			result SKIP "$1" "$2: MAX_REQUESTS is reached"
		else
			result SKIP "$1" "$2: no answer came"
		fi
		;;
	429 | 502 | 503 | 504) result SKIP "$1" "$2: busy ($STATUS), which is no refusal" ;;
	*) return 1 ;;
	esac
}

# shows TEXT reports whether the reply holds it.
shows() {
	[ -n "$1" ] || return 1
	case $REPLY in
	*"$1"*) return 0 ;;
	esac
	return 1
}

# hidden CASE TEXT CANARY judges the reply to somebody who may not see what A
# wrote: by the canary, and not by the status.
hidden() {
	if shows "$3"; then
		result FAIL "$1" "$2: answered $STATUS with what only A's object holds"
	elif ! unable "$1" "$2"; then
		result PASS "$1" "$2: answered $STATUS, with nothing of A's in it"
	fi
}

# sturdy CASE TEXT judges the reply to input that no client should send: it is
# refused, and the server neither breaks nor tells of its inside.
sturdy() {
	unable "$1" "$2" && return
	case $BODY in
	*'Traceback (most recent call last)'* | *'goroutine '*' [running]'* | *'node_modules/'* | *SQLSTATE* | *'.java:'[0-9]* | *'sqlite3.'*)
		result FAIL "$1" "$2: answered $STATUS with the server's inside in it"
		return
		;;
	esac
	case $STATUS in
	5??) result FAIL "$1" "$2: answered $STATUS; bad input is the caller's fault (4xx), not the server's" ;;
	4??) result PASS "$1" "$2: refused with $STATUS" ;;
	*) result NOTE "$1" "$2: accepted with $STATUS" ;;
	esac
}

# scrap METHOD-PATH-OF-DELETION removes what a case has created by accident.
scrap() {
	case $STATUS in
	2??) if field "$1" || field id; then ask A DELETE "$2/$FIELD"; fi ;;
	esac
}

# stop TEXT ends the script: nothing could be tested.
stop() {
	printf '%s\n' "$1" >&2
	exit 2
}
