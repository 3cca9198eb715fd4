# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the groups vm and life: guests of the mini VMM, requests by cvadm, events, assertions. A test is a function:
#   prove "a store by the guest violates" a_function	# ok if it returns 0 and no assertion in it failed
# Requests and ops leave what they answered in a variable instead of printing it, which saves a process each.

. tests/lib.sh

cvadm=build/bin/cvadm
mini=build/tests/vmm/vmm
ask=build/tests/vm/ask
dir=$(mktemp -d)
event_pid=''
declare -A guest_pid=() guest_words=() guest_to=() guest_from=() guest_fd=()

# --- assertions ----------------------------------------------------------------------------------------------------

prove() {
	local name=$1
	wrong=''
	shift
	"$@" || wrong="${wrong:-exit status $?}"
	if [ -z "$wrong" ]; then
		ok "$name"
	else
		fail "$name" "$wrong"
	fi
	let_go
}

mistake() {
	echo "  ${FUNCNAME[2]}: $1"
	wrong=${wrong:-$1}
}

# is WHAT EXPECTED GOT
is() {
	[ "$2" = "$3" ] || mistake "$1: expected '$2', got '$3'"
}

at_least() {
	[ "$3" -ge "$2" ] || mistake "$1: expected at least $2, got '$3'"
}

# --- guests --------------------------------------------------------------------------------------------------------

# guest NAME OPTION…: a VMM. Ops are its until another is started or used.
guest() {
	local name=$1 ready
	shift
	ready=$("$mini" run --daemon --sock "$dir/$name.sock" "$@") || { mistake "vmm run $*"; return 1; }
	field pid "$ready"; guest_pid[$name]=$got
	field watch "$ready"; guest_words[$name]=$got
	field vmfd "$ready"; guest_fd[$name]=$got
	mkfifo "$dir/$name.to" "$dir/$name.from"
	"$mini" ctl "$dir/$name.sock" - < "$dir/$name.to" > "$dir/$name.from" &
	exec {guest_to[$name]}> "$dir/$name.to" {guest_from[$name]}< "$dir/$name.from"
	rm "$dir/$name.to" "$dir/$name.from"
	use "$name"
}

use() {
	on=$1 pid=${guest_pid[$1]} words=${guest_words[$1]}
}

# vmm COMMAND…: leaves the answer in $answer; false if it is an error.
vmm() {
	answer='error no answer'
	echo "$*" >&"${guest_to[$on]}" && IFS= read -r -t 60 answer <&"${guest_from[$on]}"
	[[ $answer != error* ]]
}

# The command must succeed.
does() {
	vmm "$@" || mistake "vmm $*: $answer"
}

# answers EXPECTED COMMAND…
answers() {
	local expected=$1
	shift
	vmm "$@"
	is "vmm $*" "$expected" "$answer"
}

# field NAME TEXT: leaves the value of NAME=value in $got
field() {
	got=''
	[[ " $2 " =~ \ $1=([^ ]*)\  ]] && got=${BASH_REMATCH[1]}
}

# stat NAME [CPU]: leaves a counter of the VMM in $got
stat() {
	vmm stats ${2:+"$2"}
	field "$1" "$answer"
}

# All that KVM_RUN returned without a reason of the VMM's own.
surprises() {
	local text='' name
	vmm stats
	for name in debug eintr eagain shutdown internal fail other; do
		field $name "$answer"
		text+=" $name=$got"
	done
	got=$text
}

no_surprise() {
	surprises
	is "exits to the VMM" " debug=0 eintr=0 eagain=0 shutdown=0 internal=0 fail=0 other=0" "$got"
}

# A VMM that is gone, whoever ended it, is reaped and forgotten.
forget_guest() {
	exec {guest_to[$1]}>&- {guest_from[$1]}<&-
	unset "guest_pid[$1]" "guest_to[$1]" "guest_from[$1]"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*[ZX]' "/proc/$1/status" 2>/dev/null
}

quit() {
	use "$1"
	vmm quit || vmm quit
	await 20 is_gone "$pid" || mistake "VMM $1 does not end"
	forget_guest "$1"
}

# module PARAMETER…: anew
module() {
	rmmod cloudverifier && insmod "build/$CV_KERNEL/cloudverifier.ko" "$@" || mistake "no module"
}

# However fast the machine, a storm is none; attack/attack.sh shows what is.
no_floods() {
	module flood_hits=1000000000
}

floods_again() {
	let_go
	module
}

# --- requests ------------------------------------------------------------------------------------------------------

# cv ARGUMENT…: leaves the answer, JSON, in $out, what it complained of in $said
cv() {
	local rc=0
	out=$("$cvadm" --json "$@" 2> "$dir/said") || rc=$?
	said=$(< "$dir/said")
	return $rc
}

# The request must succeed.
asks() {
	cv "$@" || mistake "cvadm $*: $said"
}

# refuses TEXT ARGUMENT…: the request must fail and say why.
refuses() {
	local text=$1
	shift
	if cv "$@"; then
		mistake "cvadm $*: expected a refusal, got $out"
	elif [[ $said != *"$text"* ]]; then
		mistake "cvadm $*: expected '$text', got '$said'"
	fi
}

# value KEY JSON: leaves the value in $got, an array as a,b
value() {
	got=''
	[[ $2 =~ \"$1\":\ *(\"[^\"]*\"|\[[^]]*\]|[^],}[:space:]]*) ]] || return 1
	got=${BASH_REMATCH[1]//[\"\[\][:space:]]/}
}

# get NOUN ID KEY: leaves an attribute of an object in $got
get() {
	local text
	case $1 in
	vm|watch|port|session) asks "$1" list ;;
	set) asks set show "$2" ;;
	esac
	text=${out#*"\"$1\": $2",}
	[ "$text" != "$out" ] || { got=none; return 1; }
	value "$3" "${text%%\}*}" || got=absent
}

# has NOUN ID KEY EXPECTED
has() {
	get "$1" "$2" "$3"
	is "$3 of $1 $2" "$4" "$got"
}

# For await.
becomes() {
	get "$1" "$2" "$3" && [ "$got" = "$4" ]
}

exceeds() {
	get "$1" "$2" "$3" && [ "$got" -ge "$4" ]
}

# The new_… leave the id in a variable of that name.
new_vm() {
	asks vm attach --pid "$pid" --name "$on" "$@"
	value vm "$out"
	vm=$got
}

new_session() {
	asks session add --owner someone --lease "${1:-3600000}"
	value session "$out"
	session=$got
}

# new_watch OFFSET LEN [NAME]: in the page `words`
new_watch() {
	local addr
	printf -v addr '0x%x' $((words + $1))
	asks watch add "$vm" --addr "$addr" --len "$2" --name "${3:-w}"
	value watch "$out"
	watch=$got
}

# new_set CRITERION…: by the newest session over the newest vm
new_set() {
	asks set add --session "$session" --vm "$vm" "$@"
	value set "$out"
	set=$got
}

new_port() {
	asks port add --set "$set" --address 192.0.2.7 --proto tcp --service 80
	value port "$out"
	port=$got
}

# watched OFFSET LEN CRITERION: a guest that is attached, with a watch `w` and a set
watched() {
	new_vm
	new_session
	new_watch "$1" "$2"
	new_set "$3"
}

# --- events --------------------------------------------------------------------------------------------------------

listen() {
	local line
	exec {events}< <(exec "$cvadm" monitor 2>&1)
	event_pid=$!
	IFS= read -r -t 20 line <&"$events"
	[[ $line == *listening* ]] || mistake "monitor: $line"
}

# event PATTERN: waits for it, leaves it in $event; those before it are gone. Words of the pattern in the order of the
# line, as extended regular expression.
event() {
	local seen=''
	while IFS= read -r -t "${event_wait:-20}" event <&"$events"; do
		[[ ! $event =~ $1 ]] || return 0
		seen+="; $event"
	done
	mistake "no event '$1'${seen:+ among: ${seen#; }}"
}

# Pattern for who saw a store: the vCPU's exit, or, between the store and the exit, a timer or another vCPU's exit. That the
# store was trapped as well, its hit tells.
by_any='source=(timer|exit exit=[0-9]* vcpu=[0-9]+)'

stop_listening() {
	[ -n "$event_pid" ] || return 0
	kill "$event_pid" 2>/dev/null
	exec {events}<&-
	event_pid=''
}

# --- between tests -------------------------------------------------------------------------------------------------

# ids NOUN: of all objects of a kind
ids() {
	local verb=list rest
	[ "$1" != set ] || verb=show
	cv "$1" "$verb"
	rest=$out list=()
	while [[ $rest =~ \"$1\":\ ([0-9]+),(.*) ]]; do
		list+=("${BASH_REMATCH[1]}") rest=${BASH_REMATCH[2]}
	done
}

let_go() {
	local id name
	stop_listening
	if cv status && [[ $out =~ \"st_(vms|sessions)\":\ [1-9] ]]; then
		ids vm
		for id in "${list[@]}"; do cv vm detach "$id"; done
		ids session
		for id in "${list[@]}"; do cv session del "$id"; done
	fi
	for name in "${!guest_pid[@]}"; do
		case " ${kept-} " in *" $name "*) continue ;; esac
		quit "$name"
	done
}

# In a trap: a file that fails half-way leaves nothing that runs.
clean_up() {
	local name
	for name in "${!guest_pid[@]}"; do kill -9 "${guest_pid[$name]}" 2>/dev/null; done
	[ -z "$event_pid" ] || kill "$event_pid" 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
