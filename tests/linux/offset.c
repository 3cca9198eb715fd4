// SPDX-License-Identifier: GPL-2.0
/* offset STRUCT MEMBER: where the running kernel's structures have it, in bytes. */
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

static int of_member(const struct btf *btf, const struct btf_type *type, const char *name)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			return btf_member_bit_offset(type, i) / 8;
	return -1;
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id, offset;

	if (argc != 3 || !btf)
		return 2;
	id = btf__find_by_name_kind(btf, argv[1], BTF_KIND_STRUCT);
	offset = id < 0 ? -1 : of_member(btf, btf__type_by_id(btf, id), argv[2]);
	btf__free(btf);
	if (offset < 0)
		return 1;
	printf("%d\n", offset);
	return 0;
}
