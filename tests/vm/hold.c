// SPDX-License-Identifier: GPL-2.0
/*
 * hold: holds a judgement in its middle (hold.bpf.c).
 *
 *	hold arm		the next judgement will wait
 *	hold run COMMAND…	waits for it to be inside, runs the command, lets it go
 *
 * The status of "run" is that of the command; 3 if the judgement did not wait so long.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARMED, INSIDE, GO };
#define OVER	2

/* The newest map of that name. */
static int find_map(void)
{
	struct bpf_map_info info;
	uint32_t id = 0, len;
	int fd, found = -1;

	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, "hold")) {
			if (found >= 0)
				close(found);
			found = fd;
		} else if (fd >= 0) {
			close(fd);
		}
	}
	return found;
}

static void set(int map, uint32_t key, uint32_t value)
{
	if (bpf_map_update_elem(map, &key, &value, BPF_ANY)) {
		perror("hold");
		exit(2);
	}
}

static uint32_t get(int map, uint32_t key)
{
	uint32_t value = 0;

	bpf_map_lookup_elem(map, &key, &value);
	return value;
}

static int run(char **command)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		execvp(*command, command);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

int main(int argc, char **argv)
{
	int map, status;

	/* A set that is being added makes the map meanwhile. */
	while ((map = find_map()) < 0)
		;
	if (argc == 2 && !strcmp(argv[1], "arm")) {
		set(map, INSIDE, 0);
		set(map, GO, 0);
		set(map, ARMED, 1);
		return 0;
	}
	if (argc < 3 || strcmp(argv[1], "run"))
		return 2;
	while (!get(map, INSIDE))
		;
	status = run(argv + 2);
	if (get(map, INSIDE) == OVER)
		status = 3;
	set(map, GO, 1);
	return status;
}
