// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "output.h"
#include "verifier.h"

#define PATIENCE	((struct timeval) { 30, 0 })

static int connect_to(const struct call *call, int *fd)
{
	const char *path = args_get(call, "socket") ?: VERIFIER_SOCKET;
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path))
		return fail(call, CVX_USAGE, "--socket: got %zu bytes, expected at most %zu", strlen(path),
			    sizeof(to.sun_path) - 1);
	strcpy(to.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return fail(call, CVX_ABSENT, "%s", strerror(errno));
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &PATIENCE, sizeof(PATIENCE));
	if (!connect(*fd, (struct sockaddr *)&to, sizeof(to)))
		return CVX_OK;
	close(*fd);
	return fail(call, CVX_ABSENT, "%s: %s; is cvd running here?", path, strerror(errno));
}

static int refused(const struct call *call, const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const char *text = verifier_text(error, "text");

	if (!strcmp(verifier_text(error, "name"), "criteria")) {
		fputs(text, stderr);	/* with line and caret of its own */
		return CVX_REFUSED;
	}
	return fail(call, CVX_REFUSED, "%s", *text ? text : "the verifier says no");
}

int verifier_ask(const struct call *call, json_t *request, json_t **answer)
{
	json_error_t why;
	FILE *f;
	int fd = -1, rc = connect_to(call, &fd);

	*answer = NULL;
	if (rc) {
		json_decref(request);
		return rc;
	}
	f = fdopen(fd, "r+");
	if (f) {
		json_dumpf(request, f, JSON_COMPACT);
		fputc('\n', f);
		fflush(f);
		*answer = json_loadf(f, JSON_DISABLE_EOF_CHECK, &why);
		fclose(f);
	}
	json_decref(request);
	if (!*answer)
		return fail(call, CVX_ABSENT, "no answer from cvd");
	if (json_is_true(json_object_get(*answer, "ok")))
		return CVX_OK;
	rc = refused(call, *answer);
	json_decref(*answer);
	*answer = NULL;
	return rc;
}

int verifier_show(const struct call *call, json_t *request, const char *key, void (*show)(const json_t *value))
{
	json_t *answer;
	int rc = verifier_ask(call, request, &answer);

	if (rc)
		return rc;
	if (call->json)
		output_print(json_incref(json_object_get(answer, key)), JSON_INDENT(2));
	else
		show(json_object_get(answer, key));
	json_decref(answer);
	return CVX_OK;
}

const char *verifier_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}
