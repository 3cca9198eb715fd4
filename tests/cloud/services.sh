# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Service hosts, each a machine with a gate: RabbitMQ and PostgreSQL, which listen to their own host alone, behind stunnel.
# Source it after net.sh.

# front_end NAME PORT TO: stunnel, the front end of a service host that is a member: members' tunnels end here
front_end() {
	local d=$dir/$1
	cat > "$d/stunnel.conf" <<-CONF
		foreground = yes
		pid = $d/stunnel.pid
		syslog = no
		[tunnel]
		accept = ${address[$1]}:$2
		connect = 127.0.0.1:$3
		cert = $d/node.pem
		key = $d/node.key
		CAfile = $dir/state/ca.pem
		CApath = $d/members
		verifyChain = yes
		verifyPeer = yes
		sslVersion = TLSv1.3
	CONF
	start "$1.stunnel" stunnel "$d/stunnel.conf"
	await 10 listens "$1" "$2"
}

# listens NAME PORT
listens() {
	[ -n "$(at "$1" ss -Htln "sport = :$2")" ]
}

# service NAME PORT: a machine of type service that is a member, its gate closed to everybody else
service() {
	local lines=("gate_members = $dir/$1/members" "gate_ports = $2" "gate_reload = $dir/$1/stunnel.pid")
	machine "$1" service || return
	at "$1" build/bin/cvadm-asan gate install --ports "$2" && joined "$1"
}

rabbitmq() {
	local d=$dir/$1/rabbitmq
	mkdir -p "$d"
	start "$1.rabbitmq" env -C "$d" HOME="$d" RABBITMQ_NODENAME=cv@localhost RABBITMQ_MNESIA_BASE="$d" RABBITMQ_LOG_BASE="$d" \
		RABBITMQ_CONFIG_FILE="$d/rabbitmq" RABBITMQ_ENABLED_PLUGINS_FILE="$d/plugins" RABBITMQ_PID_FILE="$d/pid" \
		RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 1:1' ERL_EPMD_ADDRESS=127.0.0.1 \
		/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server
}

postgresql() {
	local d=$dir/$1/postgresql bin
	bin=$(echo /usr/lib/postgresql/*/bin)
	install -d -o postgres -m 700 "$d" || return
	(cd / && runuser -u postgres -- "$bin/initdb" -D "$d" --no-sync -A trust -U cloud > /dev/null) || return
	start "$1.postgresql" runuser -u postgres -- "$bin/postgres" -D "$d" -h 127.0.0.1 -k "$d" -F
}
