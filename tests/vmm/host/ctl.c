// SPDX-License-Identifier: GPL-2.0
/* vmm ctl: the answer without its `ok` on stdout; exit 1 on `error`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vmm.h"

static FILE *dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("%s: %s", path, strerror(errno));
	return fdopen(fd, "r+");
}

static int ask(FILE *vmm, const char *line)
{
	char answer[1100];

	fprintf(vmm, "%s\n", line);
	fflush(vmm);
	if (!fgets(answer, sizeof(answer), vmm)) {
		puts("error the VMM is gone");
		return 1;
	}
	fputs(strncmp(answer, "ok ", 3) ? answer : answer + 3, stdout);
	fflush(stdout);
	return strncmp(answer, "ok", 2) != 0;
}

static int ask_stdin(FILE *vmm)
{
	char line[1024];
	int failed = 0;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		failed |= ask(vmm, line);
	}
	return failed;
}

int ctl(const char *path, int argc, char **argv)
{
	FILE *vmm = dial(path);
	char line[1024] = "";
	int i;

	if (argc == 1 && !strcmp(argv[0], "-"))
		return ask_stdin(vmm);
	for (i = 0; i < argc; i++) {
		if (strlen(line) + strlen(argv[i]) + 2 > sizeof(line))
			die("command too long");
		strcat(strcat(line, i ? " " : ""), argv[i]);
	}
	return ask(vmm, line);
}
