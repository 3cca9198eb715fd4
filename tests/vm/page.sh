#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The page behind a watch goes away: nothing passes until it is found again, and what it holds then is judged anew.
# test: madvise: lost, resolved again, judged anew
# test: madvise: a criterion that the new page breaks is a violation
# test: another page with the same content: lost, resolved again, watched
# test: the memory slot is deleted and made again
# test: pages go while vCPUs store and run
# test: a page that is written all the time is not tracked for a while, and looked at all the same
# timeout: 600

. tests/vm/vm.sh

# The order in which a watch and its set tell that the page went and came.
lost_and_found() {
	event "watch watch=$watch watch_state=lost|verdict.* set=$set set_state=unknown set_blockers=page"
	event "watch watch=$watch watch_state=live"
	event "verdict.* set=$set set_state=$1.* from=unknown"
}

# Stores are hits, and values are read in the new page.
still_watched() {
	has set "$set" set_blockers ''
	has watch "$watch" watch_state live
	does @1 store words 8 5
	has watch "$watch" watch_value 0x5
	has watch "$watch" watch_hits "$1"
	has set "$set" set_state violated
	no_surprise
}

madvise_opens() {
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	new_port
	listen
	does madvise
	event "verdict.* set=$set set_state=unknown set_blockers=page.* from=satisfied"
	event "verdict.* set=$set set_state=satisfied.* from=unknown"
	has watch "$watch" watch_lost 1
	has port "$port" port_state open
	still_watched 1
}

madvise_breaks() {
	guest g --vcpus 2 --idle-hlt
	does store words 8 7
	watched 0 8 'w == 7'
	has set "$set" set_state satisfied
	listen
	does madvise
	lost_and_found violated
	has watch "$watch" watch_value 0x0
	has watch "$watch" watch_lost 1
}

host_page() {
	guest g --vcpus 2 --idle-hlt
	does store words 8 7
	watched 0 8 'w == 7'
	listen
	does remap host
	lost_and_found satisfied
	has watch "$watch" watch_lost 1
	still_watched 1
}

slot() {
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	does remap slot
	does @1 load words 8
	await 20 becomes set "$set" set_state satisfied || mistake "the set stays $got"
	still_watched 1
}

busy() {
	local i
	guest g --vcpus 4
	watched 0 8 'w <= 7'
	new_watch 8 8 other
	does @1 start storm words 8 1 2
	does @2 start storm words+16 8 1 2
	for i in 1 2 3 4 5; do
		does remap host
		does madvise
		await 20 becomes watch "$watch" watch_state live || mistake "the watch stays $got"
	done
	for i in 1 2; do does stop $i; done
	await 20 becomes watch "$watch" watch_state live || mistake "the watch stays $got"
	await 20 becomes set "$set" set_state satisfied || mistake "the set stays $got"
	get watch "$watch" watch_lost
	at_least watch_lost 2 "$got"
	does @3 store words 8 9
	has set "$set" set_state violated
	does @3 store words+8 8 9
	has watch "$watch" watch_value 0x9
	no_surprise
}

# Stores to the page, not to the watch. Between two looks, a second apart here, there are more of them than a page may have.
hot() {
	module flood_hits=1000000000 reread_ms=1000
	guest g --vcpus 2 --idle-hlt
	new_vm
	new_session
	asks watch add "$vm" --addr "$words" --len 8 --name w --trigger page
	value watch "$out"
	watch=$got
	new_set 'w == 0'
	has watch "$watch" watch_trigger page
	listen
	does @1 start storm words+64 8 0 0
	await 60 becomes watch "$watch" watch_trigger none || mistake "the page is still tracked"
	has set "$set" set_state satisfied
	does poke words 8 5
	event "verdict.* set=$set set_state=violated.* source=timer"
	does stop 1
	no_surprise
	let_go
	module
}

prove "madvise: lost, resolved again, judged anew" madvise_opens
prove "madvise: a criterion that the new page breaks is a violation" madvise_breaks
prove "another page with the same content: lost, resolved again, watched" host_page
prove "the memory slot is deleted and made again" slot
prove "pages go while vCPUs store and run" busy
prove "a page that is written all the time is not tracked for a while, and looked at all the same" hot
