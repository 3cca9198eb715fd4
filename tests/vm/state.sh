#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test: a violation is latched until it is attested again
# test: every criterion of a set is needed
# test: sets of one watch are apart
# test: a set that never held is violated from the start
# test: a lease that ends closes, renewing opens
# test: renewing a lease opens only what holds
# test: a violation while the lease is over is latched
# test: attesting again while the lease is over does not open
# test: renewing in time keeps the set open
# test: attesting again judges the bytes afresh whatever the state
# test: a restart of the guest closes until it is attested again
# timeout: 600

. tests/vm/vm.sh

prepare() {
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	new_port
	listen
}

# both SET-STATE PORT-STATE
both() {
	has set "$set" set_state "$1"
	has port "$port" port_state "$2"
}

latched() {
	prepare
	both satisfied open
	does @1 store words 8 5
	event "verdict.* set=$set set_state=violated.* from=satisfied"
	both violated closed
	does @1 store words 8 0
	both violated closed
	does @1 store words 8 5
	asks set reattest "$set"
	both violated closed
	does @1 store words 8 0
	both violated closed
	asks set reattest "$set"
	event "verdict.* set=$set set_state=pending.* from=violated"
	event "verdict.* set=$set set_state=violated.* from=pending"
	event "verdict.* set=$set set_state=pending.* from=violated"
	event "verdict.* set=$set set_state=satisfied.* from=pending"
	both satisfied open
	has set "$set" set_violations 2
	asks set reattest "$set"
	both satisfied open
}

conjunction() {
	guest g --vcpus 2 --idle-hlt
	new_vm
	new_session
	new_watch 0 8 a
	new_watch 8 4 b
	new_set 'a == 0' 'b < 10' 'a != 1'
	new_port
	both satisfied open
	does @1 store words+8 4 10
	both violated closed
	asks set reattest "$set"
	both violated closed
	does @1 store words 8 1
	does @1 store words+8 4 9
	asks set reattest "$set"
	both violated closed
	does @1 store words 8 0
	asks set reattest "$set"
	both satisfied open
	does @1 store words 8 2
	both violated closed
}

apart() {
	local first
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	first=$set
	new_set 'w <= 5'
	does @1 store words 8 5
	has set "$first" set_state violated
	has set "$set" set_state satisfied
	asks set reattest "$first"
	has set "$first" set_state violated
	asks set del "$first"
	does @1 store words 8 6
	has set "$set" set_state violated
}

from_the_start() {
	guest g --vcpus 2 --idle-hlt
	does @1 store words 8 5
	watched 0 8 'w == 0'
	new_port
	both violated closed
	has set "$set" set_violations 1
}

# The lease ends when a test says so, however slow the machine is.
end_lease() {
	both satisfied open
	asks session renew "$session" --lease 200
	event "lease-end session=$session"
	both unknown closed
}

lease_ends() {
	prepare
	asks session renew "$session" --lease 200
	event "verdict.* set=$set set_state=unknown set_blockers=lease.* from=satisfied"
	both unknown closed
	has set "$set" set_blockers lease
	has session "$session" session_left 0
	asks session renew "$session" --lease 3600000
	event "verdict.* set=$set set_state=satisfied.* from=unknown"
	both satisfied open
	has set "$set" set_blockers ''
	new_set 'w == 0'
	has set "$set" set_state satisfied
}

# No vCPU exits between poke and renewal.
renewed_but_broken() {
	prepare
	end_lease
	does poke words 8 5
	asks session renew "$session" --lease 3600000
	both violated closed
	does poke words 8 0
	asks set reattest "$set"
	both satisfied open
}

violated_meanwhile() {
	prepare
	end_lease
	does @1 store words 8 5
	both violated closed
	does @1 store words 8 0
	asks session renew "$session" --lease 3600000
	both violated closed
	asks set reattest "$set"
	both satisfied open
}

attested_meanwhile() {
	prepare
	end_lease
	asks set reattest "$set"
	both unknown closed
	does @1 store words 8 5
	does @1 store words 8 0
	asks set reattest "$set"
	both unknown closed
	new_set 'w == 0'
	has set "$set" set_state unknown
	asks session renew "$session" --lease 3600000
	has set "$set" set_state satisfied
}

# No vCPU exits between poke and attestation.
afresh() {
	prepare
	both satisfied open
	does poke words 8 5
	asks set reattest "$set"
	both violated closed
}

# Past the end of the first lease, and that of the second is told: there was no earlier one.
renewed_in_time() {
	guest g --vcpus 2 --idle-hlt
	listen
	new_vm
	new_watch 0 8
	new_session 8000
	asks session renew "$session" --lease 3600000
	new_set 'w == 0'
	new_port
	sleep 8.5
	both satisfied open
	event "verdict.* set=$set set_state=satisfied"
	asks session renew "$session" --lease 200
	event .
	[[ $event =~ verdict.*set_blockers=lease ]] || mistake "the lease had ended before: $event"
	event "lease-end session=$session"
	both unknown closed
}

# The boot CPU starts anew: what the addresses mean is not known until somebody attests again.
restarted() {
	prepare
	both satisfied open
	does reset 0
	event "verdict.* set=$set set_state=unknown set_blockers=restart.* from=satisfied"
	both unknown closed
	does @1 store words 8 5
	does @1 store words 8 0
	asks set reattest "$set"
	both satisfied open
	does store words 8 5
	both violated closed
}

prove "a violation is latched until it is attested again" latched
prove "every criterion of a set is needed" conjunction
prove "sets of one watch are apart" apart
prove "a set that never held is violated from the start" from_the_start
prove "a lease that ends closes, renewing opens" lease_ends
prove "renewing a lease opens only what holds" renewed_but_broken
prove "a violation while the lease is over is latched" violated_meanwhile
prove "attesting again while the lease is over does not open" attested_meanwhile
prove "renewing in time keeps the set open" renewed_in_time
prove "attesting again judges the bytes afresh whatever the state" afresh
prove "a restart of the guest closes until it is attested again" restarted
