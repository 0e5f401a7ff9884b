#!/bin/sh
# Abuse tests of Notes, written by launchready 1.0: launchready export --abuse.
#
# They need sh and curl and nothing else. Each line is one case: PASS, FAIL, SKIP (it
# could not be asked) or NOTE (observed, and yours to judge). Exit code 0 when none
# failed, 1 when one did, 2 when the tests could not start, 3 when nothing was decided.
# Tenant A makes a few objects, each with a text that nobody else knows; whoever else is
# shown that text is shown A's data, whatever the status. What was made is removed.
#
#   BASE_URL            where to send it; default https://notes.test/api
#   USER_A, PASSWORD_A  of acme_member, a user of tenant A (acme)
#   USER_B, PASSWORD_B  of globex_member, a user of tenant B (globex)
#   TOKEN_A, TOKEN_B    tokens of theirs, instead of signing in
#   HEADER_A, HEADER_B  a whole header line instead of a token: 'Cookie: sid=…'
#   ID_NOTE             id of an existing object of A's, and MARK_NOTE a text that only it holds,
#                       where A cannot make one
#   ID_RECEIPT          id of an existing object of A's, and MARK_RECEIPT a text that only it holds
#   BURST               requests of the burst; default 20. Each may cost a model's answer
#   EXPECT_LIMIT        1: fail when the burst meets no limit
#   MAX_REQUESTS        hard stop; default 400.  TIMEOUT: seconds a request; default 15
#
#   USER_A=… PASSWORD_A=… USER_B=… PASSWORD_B=… sh abuse.sh

BASE_URL=${BASE_URL:-'https://notes.test/api'}
BURST=${BURST:-20} EXPECT_LIMIT=${EXPECT_LIMIT:-} MAX_REQUESTS=${MAX_REQUESTS:-400} TIMEOUT=${TIMEOUT:-15}
TOKEN_A=${TOKEN_A:-} TOKEN_B=${TOKEN_B:-} HEADER_A=${HEADER_A:-} HEADER_B=${HEADER_B:-} AUTHORIZATION=
USER_A=${USER_A:-'a@acme.test'} PASSWORD_A=${PASSWORD_A:-}
USER_B=${USER_B:-'b@globex.test'} PASSWORD_B=${PASSWORD_B:-}

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

# credential WHO writes what the caller sends of itself.
credential() {
	case $1 in
	A)
		if [ -n "$HEADER_A" ]; then
			option header "$HEADER_A"
		else
			option header 'Authorization: Bearer '"$TOKEN_A"
		fi
		;;
	B)
		if [ -n "$HEADER_B" ]; then
			option header "$HEADER_B"
		else
			option header 'Authorization: Bearer '"$TOKEN_B"
		fi
		;;
	bad)
		if [ -n "$AUTHORIZATION" ]; then
			option header "Authorization: $AUTHORIZATION"
		else
			option header 'Authorization;' # curl's way to send an empty one
		fi
		;;
	esac
}

# query WHO PATH writes the path, with the token in it where it travels there.
query() {
	printf '%s' "$2"
}

# One request first: is anybody there?
ask nobody GET /
if [ "$SENT" -gt 0 ] && [ "$STATUS" = 000 ]; then
	stop "the target did not answer: $BASE_URL"
fi

# sign_in USER PASSWORD sets FIELD to a token.
sign_in() {
	quote "$1"
	QUOTED_USER=$QUOTED
	quote "$2"
	QUOTED_PASSWORD=$QUOTED
	REPLY=$({
		option url "$BASE_URL"'/login'
		option data-raw '{"pass":"'"$QUOTED_PASSWORD"'","user":"'"$QUOTED_USER"'"}'
		credential nobody
	} | curl -q -K - -sS -i -g --max-time "$TIMEOUT" -H 'Expect:' -H 'Content-Type: application/json' -X 'POST' -w '\n%{http_code}' 2>/dev/null)
	SENT=$((SENT + 1))
	STATUS=${REPLY##*"$NL"}
	REPLY=${REPLY%"$NL"*}
	HEAD=${REPLY%%"$CR$NL$CR$NL"*}
	BODY=${REPLY#*"$CR$NL$CR$NL"}
	field access_token || field accessToken || field token || field id_token || field jwt
}
if [ -z "$TOKEN_A$HEADER_A" ]; then
	if [ -z "$USER_A" ] || [ -z "$PASSWORD_A" ]; then
		stop 'give USER_A and PASSWORD_A, or TOKEN_A'
	fi
	sign_in "$USER_A" "$PASSWORD_A" || stop "$USER_A cannot sign in: "'POST /login'" answered $STATUS"
	TOKEN_A=$FIELD
fi
if [ -z "$TOKEN_B$HEADER_B" ]; then
	if [ -z "$USER_B" ] || [ -z "$PASSWORD_B" ]; then
		stop 'give USER_B and PASSWORD_B, or TOKEN_B'
	fi
	sign_in "$USER_B" "$PASSWORD_B" || stop "$USER_B cannot sign in: "'POST /login'" answered $STATUS"
	TOKEN_B=$FIELD
fi

# The objects of A's.
NOTE_ID=''
CANARY_NOTE=${CANARY}note
RECEIPT_ID=''
CANARY_RECEIPT=${CANARY}receipt
CANARY_B=${CANARY}byb
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
	MAX_REQUESTS=$((MAX_REQUESTS + 50))
	if [ -n "$NOTE_ID" ] && [ "$NOTE_ID" != "${ID_NOTE:-}" ]; then
		ask A DELETE '/notes/'"$NOTE_ID"
	fi
	:
}
trap clean_up EXIT
trap 'exit 130' INT TERM

ask A POST '/notes' -H 'Content-Type: application/json' --data-raw '{"title":"'"$CANARY_NOTE"'"}'
made 'id' "${ID_NOTE:-}"
NOTE_ID=$MADE
[ "$MADE" != "${ID_NOTE:-}" ] || CANARY_NOTE=${MARK_NOTE:-}
if [ -n "$NOTE_ID" ]; then
	ask A GET '/notes/'"$NOTE_ID"
else
	REPLY=
fi
if ! shows "$CANARY_NOTE"; then
	if [ -n "$NOTE_ID" ]; then
		result SKIP object "GET /notes/{note_id}: A does not see it ($STATUS), so what others see proves nothing"
	else
		result SKIP object "GET /notes/{note_id}: no object of A's is made (POST /notes answered $STATUS before), nor given: set ID_NOTE and MARK_NOTE"
	fi
	[ -n "$NOTE_ID" ] || NOTE_ID=
	SHOWN_NOTE=
else
	SHOWN_NOTE=1
fi

STATUS=000
made 'id' "${ID_RECEIPT:-}"
RECEIPT_ID=$MADE
[ "$MADE" != "${ID_RECEIPT:-}" ] || CANARY_RECEIPT=${MARK_RECEIPT:-}
if [ -n "$RECEIPT_ID" ]; then
	ask A GET '/receipts/'"$RECEIPT_ID"
else
	REPLY=
fi
if ! shows "$CANARY_RECEIPT"; then
	if [ -n "$RECEIPT_ID" ]; then
		result SKIP object "GET /receipts/{receipt_id}: A does not see it ($STATUS), so what others see proves nothing"
	else
		result SKIP object "GET /receipts/{receipt_id}: no object of A's is known: set ID_RECEIPT and MARK_RECEIPT"
	fi
	[ -n "$RECEIPT_ID" ] || RECEIPT_ID=
	SHOWN_RECEIPT=
else
	SHOWN_RECEIPT=1
fi

# apart PATH TEXT CANARY: A is shown it there; B and nobody are not.
apart() {
	ask A GET "$1"
	if ! shows "$3"; then
		result SKIP another-tenant "$2: A does not see its own text there ($STATUS), so what others see proves nothing"
		return
	fi
	ask B GET "$1"
	hidden another-tenant "$2 as B" "$3"
	ask nobody GET "$1"
	hidden no-token "$2 as nobody" "$3"
}

# Another tenant's id, and no token.
if [ -n "$SHOWN_NOTE" ]; then
	apart '/notes/'"$NOTE_ID" 'GET /notes/{note_id}' "$CANARY_NOTE"
	apart '/notes' 'GET /notes' "$CANARY_NOTE"
fi
if [ -n "$SHOWN_RECEIPT" ]; then
	apart '/receipts/'"$RECEIPT_ID" 'GET /receipts/{receipt_id}' "$CANARY_RECEIPT"
fi

# door PATH TEXT: no token, on a route that is not public.
door() {
	ask A GET "$1"
	door_body=$BODY
	field id
	door_id=$FIELD
	case $STATUS in
	2??) ;;
	*)
		result SKIP no-token "$2: A does not get it either ($STATUS)"
		return
		;;
	esac
	ask nobody GET "$1"
	unable no-token "$2" && return
	case $STATUS in
	2??)
		if [ "${#BODY}" -gt 2 ] && [ "$BODY" = "$door_body" ]; then
			result FAIL no-token "$2: nobody gets what A gets"
		elif [ "${#door_id}" -ge 8 ] && shows "$door_id"; then
			result FAIL no-token "$2: nobody gets $door_id, as A does"
		else
			result NOTE no-token "$2: answered $STATUS with something else than A gets"
		fi
		;;
	*) result PASS no-token "$2: refused with $STATUS" ;;
	esac
}
door '/notes' 'GET /notes'

# Empty tokens. The texts are whole values of the Authorization header.
if [ -n "$SHOWN_NOTE" ]; then
	for AUTHORIZATION in '' Bearer 'Bearer null' 'Bearer undefined' 'Bearer ""' 'Basic Og=='; do
		ask bad GET '/notes/'"$NOTE_ID"
		hidden empty-token 'GET /notes/{note_id}'" with '$AUTHORIZATION' as Authorization" "$CANARY_NOTE"
	done
fi

# Invalid JSON, wrong types, long texts.
LONG=0123456789
while [ "${#LONG}" -lt 40000 ]; do
	LONG=$LONG$LONG
done
ask A POST '/notes' -H 'Content-Type: application/json' --data-raw '{"title": "'
sturdy invalid-json 'POST /notes with JSON that breaks off'
scrap 'id' '/notes'
ask A POST '/notes' -H 'Content-Type: application/json' --data-raw '[]'
sturdy invalid-json 'POST /notes with a list for an object'
scrap 'id' '/notes'
ask A POST '/notes' -H 'Content-Type: application/json' --data-raw 'nul'
sturdy invalid-json 'POST /notes with a word that is no JSON'
scrap 'id' '/notes'
ask A POST '/notes' -H 'Content-Type: application/json'
sturdy invalid-json 'POST /notes with no body'
scrap 'id' '/notes'
ask A POST '/notes' -H 'Content-Type: application/xml' --data-raw '<a/>'
sturdy content-type 'POST /notes with XML'
scrap 'id' '/notes'
ask_long POST '/notes' 'application/json' '{\"title\":\"'"$LONG"'\"}'
sturdy long-text 'POST /notes with texts of 40960 characters'
scrap 'id' '/notes'

# Another tenant changes and deletes: A reads back.
if [ -n "$SHOWN_NOTE" ] && [ "$NOTE_ID" != "${ID_NOTE:-}" ]; then
	ask B PATCH '/notes/'"$NOTE_ID" -H 'Content-Type: application/json' --data-raw '{"title":"'"$CANARY_B"'"}'
	wrote=$STATUS
	ask A GET '/notes/'"$NOTE_ID"
	if shows "$CANARY_B"; then
		result FAIL another-tenant 'PATCH /notes/{note_id} as B'": answered $wrote, and A finds B's text in its object"
	elif ! unable another-tenant 'PATCH /notes/{note_id} as B'; then
		result PASS another-tenant 'PATCH /notes/{note_id} as B'": answered $wrote, and A's object is as it was"
	fi
	ask A GET '/notes/'"$NOTE_ID"
	if shows "$CANARY_NOTE" || shows "$CANARY_B"; then
		ask B DELETE '/notes/'"$NOTE_ID"
		wrote=$STATUS
		ask A GET '/notes/'"$NOTE_ID"
		if shows "$CANARY_NOTE" || shows "$CANARY_B"; then
			result PASS another-tenant 'DELETE /notes/{note_id} as B'": answered $wrote, and A's object stands"
		elif ! unable another-tenant 'DELETE /notes/{note_id} as B'; then
			result FAIL another-tenant 'DELETE /notes/{note_id} as B'": answered $wrote, and A's object is gone"
		fi
	fi
fi

# A burst: does anything say stop?
n=0 silent=0 limited=0 broke=0 told=
while [ "$n" -lt "$BURST" ]; do
	n=$((n + 1))
	ask A GET '/notes'
	case $STATUS in
	000) silent=$((silent + 1)) ;;
	429) limited=$((limited + 1)) ;;
	5??) broke=$((broke + 1)) ;;
	esac
	case $HEAD in
	*[Rr]ate[Ll]imit* | *[Rr]ate-[Ll]imit* | *[Rr]etry-[Aa]fter*) told=', and header fields tell of a limit' ;;
	esac
done
if [ "$n" -eq 0 ]; then
	result SKIP burst "no request was sent"
elif [ "$silent" -eq "$n" ]; then
	STATUS=000
	unable burst 'GET /notes'
fi
n=$((n - silent))
if [ "$n" -eq 0 ]; then
	:
elif [ "$broke" -gt 0 ]; then
	result FAIL burst 'GET /notes'": $broke of $n requests broke the server"
elif [ "$limited" -gt 0 ]; then
	result PASS burst 'GET /notes'": $limited of $n requests were answered 429$told"
elif [ -n "$EXPECT_LIMIT" ]; then
	result FAIL burst 'GET /notes'": $n requests one after the other, and none was answered 429$told"
else
	result NOTE burst 'GET /notes'": $n requests one after the other, and none was answered 429$told; EXPECT_LIMIT=1 makes that a failure"
fi

printf '\n%s passed, %s failed, %s skipped; %s requests\n' "$PASSED" "$FAILED" "$SKIPPED" "$SENT"
if [ "$FAILED" -gt 0 ]; then
	exit 1
fi
if [ "$PASSED" -eq 0 ]; then
	exit 3
fi
exit 0
