/* SPDX-License-Identifier: GPL-2.0 */
/* A module with a fact of each type, for tests of the language. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdio.h>
#include <cv/criteria.h>

struct program {
	const char *path, *digest;	/* digest: hexadecimal, or NULL: not known */
	bool is_signed;
};

struct machine {
	uint64_t vcpus, memory, age;
	bool secure, secure_known;
	const char *cmdline, *kernel, *firmware, *address, *registers[2];
	const struct program *programs;
	unsigned int n_programs;
	bool programs_torn;	/* the list breaks off */
};

static inline struct cv_bytes text_of(const char *text)
{
	return (struct cv_bytes) { (const uint8_t *)text, text ? strlen(text) : 0 };
}

/* Values that need room have it here: one at a time is looked at. */
static inline bool machine_read(struct cv_value *value, enum cv_type type, const char *text)
{
	static uint8_t room[4][CV_HASH_MAX];
	static unsigned int next;

	return text && cv_value_read(value, type, text_of(text), room[next++ % 4]);
}

#define MACHINE(name) \
	static inline bool machine_##name(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
#define IT	((const struct machine *)ask->evidence)

MACHINE(vcpus)
{
	(void)from;
	value->integer = IT->vcpus;
	return true;
}

MACHINE(memory)
{
	(void)from;
	value->integer = IT->memory;
	return true;
}

MACHINE(age)
{
	(void)from;
	value->integer = IT->age;
	return true;
}

MACHINE(secure)
{
	snprintf(from->text, sizeof(from->text), IT->secure_known ? "variable SecureBoot" : "no such variable");
	value->boolean = IT->secure;
	return IT->secure_known;
}

MACHINE(cmdline)
{
	(void)from;
	value->string = text_of(IT->cmdline);
	return IT->cmdline;
}

MACHINE(kernel)
{
	(void)from;
	return machine_read(value, CV_DIGEST, IT->kernel);
}

MACHINE(firmware)
{
	(void)from;
	return machine_read(value, CV_VERSION, IT->firmware);
}

MACHINE(address)
{
	(void)from;
	return machine_read(value, CV_ADDRESS, IT->address);
}

MACHINE(pcr)
{
	snprintf(from->text, sizeof(from->text), "PCR %u", (unsigned int)ask->args[1].integer);
	return ask->args[1].integer < 2 && machine_read(value, CV_DIGEST, IT->registers[ask->args[1].integer]);
}

static inline bool machine_begin(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	(void)from;
	item->index = 0;
	return IT->programs;
}

static inline enum cv_list_next machine_next(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	if (item->index == IT->n_programs && IT->programs_torn) {
		snprintf(from->text, sizeof(from->text), "torn off");
		return CV_LIST_BAD;
	}
	return item->index++ < IT->n_programs ? CV_LIST_ITEM : CV_LIST_END;
}

#define PROGRAM	(&IT->programs[ask->item->index - 1])

MACHINE(path)
{
	(void)from;
	value->string = text_of(PROGRAM->path);
	return true;
}

MACHINE(digest)
{
	(void)from;
	return machine_read(value, CV_DIGEST, PROGRAM->digest);
}

MACHINE(signed)
{
	(void)from;
	value->boolean = PROGRAM->is_signed;
	return true;
}

static const struct cv_fact machine_program[] = {
	{ .name = "path", .type = CV_STRING, .get = machine_path },
	{ .name = "digest", .type = CV_DIGEST, .get = machine_digest },
	{ .name = "signed", .type = CV_BOOLEAN, .get = machine_signed },
	{}
};

static const char *const machine_banks[] = { "sha1", "sha256", NULL };

static const struct cv_fact machine_facts[] = {
	{ .name = "vm.vcpus", .type = CV_INTEGER, .get = machine_vcpus },
	{ .name = "vm.memory", .type = CV_INTEGER, .unit = CV_UNIT_BYTES, .get = machine_memory },
	{ .name = "vm.age", .type = CV_INTEGER, .unit = CV_UNIT_TIME, .get = machine_age },
	{ .name = "vm.secure", .type = CV_BOOLEAN, .get = machine_secure },
	{ .name = "vm.cmdline", .type = CV_STRING, .get = machine_cmdline },
	{ .name = "vm.kernel", .type = CV_DIGEST, .get = machine_kernel },
	{ .name = "vm.firmware", .type = CV_VERSION, .get = machine_firmware },
	{ .name = "vm.address", .type = CV_ADDRESS, .get = machine_address },
	{ .name = "pcr", .type = CV_DIGEST, .get = machine_pcr,
	  .param = { { "the bank: sha1 or sha256", CV_STRING, machine_banks, 0 }, { "the register", CV_INTEGER, NULL, 23 } } },
	{ .name = "exec.file", .type = CV_RECORDS, .fields = machine_program, .begin = machine_begin,
	  .next = machine_next },
	{}
};

static const struct cv_module machine_module = { "machine", machine_facts };
static const struct cv_module *const machine_modules[] = { &machine_module };
static const struct cv_catalog machine_catalog = { machine_modules, 1 };

#endif
