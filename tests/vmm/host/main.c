// SPDX-License-Identifier: GPL-2.0
/* vmm run creates a VM and serves commands on a socket; vmm ctl sends one. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

struct vm vm = { .lock = PTHREAD_MUTEX_INITIALIZER, .on_debug = -1 };

struct options {
	const char *sock;
	unsigned int vcpus, max_vcpus;
	size_t mem;
	bool hugepages, daemon;
};

void die(const char *format, ...)
{
	va_list args;

	fputs("vmm: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void usage(FILE *to)
{
	fputs("usage: vmm run --sock PATH [--vcpus N] [--max-vcpus N] [--mem MiB]\n"
	      "               [--paging | --no-paging] [--hugepages] [--nested] [--quiet] [--idle-hlt] [--no-irqchip]\n"
	      "               [--on-debug FIFO] [--daemon]\n"
	      "       vmm ctl PATH COMMAND...     vmm ctl PATH -   (commands on stdin)\n"
	      "\n"
	      "--no-paging runs the 32-bit flat guest, --nested offers SVM or VMX, --quiet has\n"
	      "ops answered without an exit, --idle-hlt halts vCPUs that have no op (they run\n"
	      "round a loop without exits otherwise), --daemon returns once the guest is ready.\n"
	      "ADDR and PHYS are numbers or words, words.low, words.high, spare, target, each\n"
	      "with [+OFFSET]. Ops run on vCPU 0 unless @CPU says otherwise; start does not\n"
	      "wait for the op.\n", to);
	fflush(to);
	commands_usage();
	ops_usage();
}

static unsigned int option_number(const char *name, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(optarg, &end, 0);

	if (*end || !n || n > max)
		die("--%s: expected 1 to %lu, got %s", name, max, optarg);
	return n;
}

static int open_fifo(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("--on-debug %s: %s", path, strerror(errno));
	return fd;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "sock", required_argument, NULL, 's' },
		{ "vcpus", required_argument, NULL, 'c' },
		{ "max-vcpus", required_argument, NULL, 'x' },
		{ "mem", required_argument, NULL, 'm' },
		{ "paging", no_argument, NULL, 'p' },
		{ "no-paging", no_argument, NULL, 'f' },
		{ "hugepages", no_argument, NULL, 'h' },
		{ "nested", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "idle-hlt", no_argument, NULL, 'i' },
		{ "no-irqchip", no_argument, NULL, 'k' },
		{ "on-debug", required_argument, NULL, 'g' },
		{ "daemon", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 's': o->sock = optarg; break;
		case 'c': o->vcpus = option_number("vcpus", MAX_VCPUS); break;
		case 'x': o->max_vcpus = option_number("max-vcpus", MAX_VCPUS); break;
		case 'm': o->mem = option_number("mem", 2048); break;
		case 'p': vm.long_mode = true; break;
		case 'f': vm.long_mode = false; break;
		case 'h': o->hugepages = true; break;
		case 'n': vm.nested = true; break;
		case 'q': vm.quiet = true; break;
		case 'i': vm.idle_hlt = true; break;
		case 'k': vm.no_irqchip = true; break;
		case 'g': vm.on_debug = open_fifo(optarg); break;
		case 'd': o->daemon = true; break;
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (!o->sock || optind != argc) {
		usage(stderr);
		exit(2);
	}
	if (o->max_vcpus < o->vcpus)
		o->max_vcpus = o->vcpus;
	if (o->mem << 20 < MEM_MIN)
		die("--mem: expected at least %d, got %zu", MEM_MIN >> 20, o->mem);
}

/*
 * The VM belongs to the process that creates it, so the child does; the parent
 * passes the line of readiness on.
 */
static void become_daemon(void)
{
	char line[512];
	int ready[2];
	ssize_t n;

	if (pipe(ready))
		die("pipe: %s", strerror(errno));
	switch (fork()) {
	case -1:
		die("fork: %s", strerror(errno));
	case 0:
		setsid();
		dup2(ready[1], STDOUT_FILENO);
		close(ready[0]);
		close(ready[1]);
		return;
	}
	close(ready[1]);
	n = read(ready[0], line, sizeof(line));
	if (n <= 0)
		exit(1);
	exit(write(STDOUT_FILENO, line, n) != n);
}

static void leave_stdout(void)
{
	int null = open("/dev/null", O_RDWR);

	fflush(stdout);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
}

static void start_vcpus(unsigned int vcpus)
{
	struct answer out = { .len = 0 };

	while (vm.vcpus < vcpus)
		if (!vcpu_create(BIRTH_RUNNING, &out))
			die("%s", out.text);
}

static int run(int argc, char **argv)
{
	struct options o = { .vcpus = 1, .max_vcpus = MAX_VCPUS, .mem = 8 };
	uint64_t watch, physical;

	vm.long_mode = true;
	parse(argc, argv, &o);
	if (o.daemon)
		become_daemon();
	vm.max_vcpus = o.max_vcpus;
	vm_create(o.mem << 20, o.hugepages);
	start_vcpus(o.vcpus);
	linear_parse("words", &watch);
	physical_parse("words", &physical);
	vm.sock = o.sock;
	server_listen(o.sock);
	printf("ready pid=%d watch=0x%llx phys=0x%llx vcpus=%u mode=%s backing=%s vmfd=%d\n", getpid(),
	       (unsigned long long)watch, (unsigned long long)physical, vm.vcpus,
	       vm.long_mode ? "long" : "flat", vm.backing, vm.fd);
	fflush(stdout);
	if (o.daemon)
		leave_stdout();
	server_run();
}

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "run"))
		return run(argc - 1, argv + 1);
	if (argc >= 4 && !strcmp(argv[1], "ctl"))
		return ctl(argv[2], argc - 3, argv + 3);
	if (argc >= 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	usage(stderr);
	return 2;
}
