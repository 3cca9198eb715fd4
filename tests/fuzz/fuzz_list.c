// SPDX-License-Identifier: GPL-2.0
/* Whatever the bytes, as a text or compiled: they are refused with a reason, or each value that is in the list is found. */
#include <stdlib.h>
#include <cv/list.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void look_up_all(const struct cv_list *list)
{
	struct cv_value value = {};

	for (size_t i = 0; i < list->n; i++) {
		if (list->type == CV_DIGEST) {
			value = (struct cv_value) { .type = CV_DIGEST };
			value.digest.hash = list->hash;
			value.digest.bytes = list->digests + i * list->hash->size;
		} else {
			value = (struct cv_value) { .type = CV_ADDRESS, .net = { .len = list->prefixes[i][0] } };
			value.net.bits = 8 * value.net.len;
			memcpy(value.net.bytes, list->prefixes[i] + 2, 16);
		}
		require(cv_list_has(list, &value) == CV_SATISFIED);
	}
}

static void as_text(enum cv_type type, struct cv_bytes bytes)
{
	struct cv_error err = {};
	struct cv_list list;

	if (cv_list_read(&list, type, bytes, &err))
		look_up_all(&list);
	else
		require(err.name == CV_E_LIST_FORMAT && *err.text);
	cv_list_clear(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_bytes bytes = { data, size };
	struct cv_error err = {};
	struct cv_list list;

	as_text(CV_DIGEST, bytes);
	as_text(CV_PREFIX, bytes);
	if (cv_list_view(&list, bytes, &err))
		look_up_all(&list);
	else
		require(err.name == CV_E_LIST_FORMAT && *err.text);
	return 0;
}
