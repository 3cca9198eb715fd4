// SPDX-License-Identifier: GPL-2.0
/* conns unreach: an ICMP error about a connection, made by hand. */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conns.h"

static bool udp;		/* what is quoted: UDP, or TCP */

static uint16_t sum16(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16));
}

/* The first 8 bytes of a transport header: TCP's sequence number is one, UDP's length is 9. */
static void quote_ports(uint16_t *ports, const char *sport, const char *dport)
{
	ports[0] = htons(strtoul(sport, NULL, 0));
	ports[1] = htons(strtoul(dport, NULL, 0));
	ports[udp ? 2 : 3] = htons(udp ? 9 : 1);
}

static void send_raw(const union address *to, int proto, const void *data, size_t len)
{
	int fd = socket(to->sa.sa_family, SOCK_RAW, proto);

	if (fd < 0 || sendto(fd, data, len, 0, &to->sa, size_of(to)) != (ssize_t)len)
		die("unreach");
	close(fd);
}

static void unreach4(const union address *to, const union address *from, char **argv)
{
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		uint16_t ports[4];
	} m = {
		.icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH },
		.ip = {
			.version = 4, .ihl = 5, .tot_len = htons(40), .ttl = 64,
			.protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
			.saddr = to->v4.sin_addr.s_addr, .daddr = from->v4.sin_addr.s_addr,
		},
	};

	quote_ports(m.ports, argv[1], argv[3]);
	m.ip.check = sum16(&m.ip, sizeof(m.ip));
	m.icmp.checksum = sum16(&m, sizeof(m));
	send_raw(to, IPPROTO_ICMP, &m, sizeof(m));
}

static void unreach6(const union address *to, const union address *from, char **argv)
{
	struct {
		struct icmp6_hdr icmp;	/* the kernel sums it */
		struct ip6_hdr ip;
		uint16_t ports[4];
	} m = {
		.icmp = { .icmp6_type = ICMP6_DST_UNREACH, .icmp6_code = ICMP6_DST_UNREACH_NOPORT },
		.ip = {
			.ip6_flow = htonl(6 << 28), .ip6_plen = htons(20), .ip6_hlim = 64,
			.ip6_nxt = udp ? IPPROTO_UDP : IPPROTO_TCP,
			.ip6_src = to->v6.sin6_addr, .ip6_dst = from->v6.sin6_addr,
		},
	};

	quote_ports(m.ports, argv[1], argv[3]);
	send_raw(to, IPPROTO_ICMPV6, &m, sizeof(m));
}

int unreach(bool quotes_udp, char **argv)
{
	union address to, from;

	udp = quotes_udp;
	make_address(&to, argv[0], 0);
	make_address(&from, argv[2], 0);
	if (to.sa.sa_family == AF_INET)
		unreach4(&to, &from, argv);
	else
		unreach6(&to, &from, argv);
	return 0;
}
