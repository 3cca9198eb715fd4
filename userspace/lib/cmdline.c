// SPDX-License-Identifier: GPL-2.0
/*
 * GRUB measures the line to PCR 8, Linux' EFI stub to PCR 9 before anything
 * else, systemd-stub to PCR 11 (of the image) and 12 (another). Whoever runs
 * later can extend a register once more, and tell of the events before what he
 * likes, but neither take one away nor put one before it: so a line counts where
 * no other event could be the kernel's.
 */
#include <stdio.h>
#include <stdlib.h>
#include "cmdline.h"

#define PCR(n)	(1u << (n))

static bool hash_forms(struct cmdline *line)
{
	static const struct cv_bytes section = { (const uint8_t *)".cmdline", sizeof(".cmdline") };
	const struct cv_hash *hash = line->boot->hash;
	struct cv_bytes text = line->boot->cmdline, wide;
	struct cv_bytes parts[] = { text, { (const uint8_t *)"", 1 } };
	uint8_t *utf16 = calloc(text.len + 1, 2);
	bool done;

	if (!utf16)
		return false;
	for (size_t i = 0; i < text.len; i++)
		utf16[2 * i] = text.data[i];
	wide = (struct cv_bytes) { utf16, 2 * text.len };
	done = cv_hash_of(hash, parts, 2, line->zero) && cv_hash_of(hash, &wide, 1, line->wide) &&
	       cv_hash_of(hash, &section, 1, line->section);
	wide.len += 2;
	done = done && cv_hash_of(hash, &wide, 1, line->wide_zero);
	free(utf16);
	return done;
}

bool cmdline_begin(struct cmdline *line, struct cv_boot *boot)
{
	*line = (struct cmdline) { .boot = boot };
	return hash_forms(line);
}

/* --- looking at events --------------------------------------------------------------------- */

static bool is_digest(const struct cmdline *line, const uint8_t *digest, const uint8_t *form)
{
	return line->boot->cmdline.len && !memcmp(digest, form, line->boot->hash->size);
}

static bool is_wide(const struct cmdline *line, const uint8_t *digest)
{
	return is_digest(line, digest, line->wide) || is_digest(line, digest, line->wide_zero);
}

static void found(struct cv_boot_event *to, const struct cv_fwlog_event *event, unsigned int bank)
{
	to->index = event->index;
	to->digest = event->digest[bank];
	to->times++;
}

/* GRUB passes BOOT_IMAGE=, and what it was given. */
static bool grub_passed(struct cv_bytes given, struct cv_bytes cmdline)
{
	static const char prefix[] = "BOOT_IMAGE=";
	size_t len = sizeof(prefix) - 1;

	return cmdline.len == len + given.len && !memcmp(cmdline.data, prefix, len) &&
	       !memcmp(cmdline.data + len, given.data, given.len);
}

/* The prefix that tells a command line from a command was not measured: the kernel's path does, which no command has. */
static void look_at_grub(struct cmdline *line, const struct cv_fwlog_event *event, const struct cv_fwevent *what)
{
	if (!what->bound || !cv_fwevent_is_command(what)) {
		line->grub_loose++;
	} else if (what->name.len && strchr("/(", what->name.data[0])) {
		line->grub_lines++;
		if (grub_passed(what->name, line->boot->cmdline))
			found(&line->grub, event, line->boot->bank);
	}
}

static void look_at_stub(struct cmdline *line, const struct cv_fwlog_event *event, const struct cv_fwevent *what)
{
	unsigned int bank = line->boot->bank;

	if (is_wide(line, event->digest[bank])) {
		found(line->events[9] == 1 ? &line->stub : &line->late_options, event, bank);
		return;
	}
	line->not_options++;
	if (what->kind == CV_FWEVENT_INITRD)
		found(&line->last_initrd, event, bank);
	else if (what->kind == CV_FWEVENT_OPTIONS)
		line->other_options++;
}

/* The name of a section, then its content; each once. */
static void look_at_section(struct cmdline *line, const struct cv_fwlog_event *event)
{
	const uint8_t *digest = event->digest[line->boot->bank];

	if (line->in_section && is_digest(line, digest, line->zero))
		found(&line->embedded, event, line->boot->bank);
	line->in_section = !line->was_section && is_digest(line, digest, line->section);
	line->was_section |= line->in_section;
}

void cmdline_look(struct cmdline *line, const struct cv_fwlog_event *event, const struct cv_fwevent *what)
{
	line->events[event->pcr]++;
	switch (event->pcr) {
	case 8:
		look_at_grub(line, event, what);
		break;
	case 9:
		look_at_stub(line, event, what);
		break;
	case 11:
		look_at_section(line, event);
		break;
	case 12:
		if (is_wide(line, event->digest[line->boot->bank]))
			found(&line->added, event, line->boot->bank);
		break;
	}
}

/* --- what follows ------------------------------------------------------------------------------ */

static void believe(const struct cmdline *line, const struct cv_boot_event *event)
{
	struct cv_boot *boot = line->boot;

	boot->cmdline_doubt = NULL;
	boot->cmdline_event = *event;
	boot->options = line->stub.times ? line->stub : line->late_options;
}

/* What the EFI stub measured to PCR 9 could be told to be files that GRUB read: judging boot.file finds that. */
static void end_grub(const struct cmdline *line)
{
	struct cv_boot *boot = line->boot;

	boot->cmdline_needs = PCR(8) | PCR(9) | PCR(12);
	if (line->grub_loose)
		boot->cmdline_doubt = "an event of PCR 8 has a text that was not measured";
	else if (line->grub_lines > 1)
		boot->cmdline_doubt = "GRUB passed more than one command line";
	else if (!line->grub.times || line->other_options || line->events[12])
		boot->cmdline_doubt = "another command line was measured";
	else
		believe(line, &line->grub);
}

/* Of kernels that do not measure it themselves (before 6.2): beside the initrd nothing is in PCR 9. */
static void end_systemd_stub(const struct cmdline *line)
{
	struct cv_boot *boot = line->boot;

	boot->cmdline_needs = PCR(8) | PCR(9) | PCR(11) | PCR(12);
	if (line->not_options > 1 || line->other_options)
		boot->cmdline_doubt = "another command line was measured, or could have been";
	else if (line->events[12] > 1 || (line->events[12] && !line->added.times))
		boot->cmdline_doubt = "another command line was added to that of the image";
	else if (line->events[12])
		believe(line, &line->added);
	else if (line->embedded.times)
		believe(line, &line->embedded);
	else
		boot->cmdline_doubt = "no event measured a command line";
}

/* GRUB's files are in the same register: there, boot.file is to be judged. */
static void end_initrd(const struct cmdline *line)
{
	struct cv_boot *boot = line->boot;

	if (line->events[8])
		boot->initrd_doubt = "GRUB ran: what it read is in boot.file";
	else if (!line->not_options)
		boot->initrd_doubt = "no event of the firmware's log tells";
	else if (line->not_options > 1 || !line->last_initrd.times)
		boot->initrd_doubt = "PCR 9 has more than a command line that is known and an initrd";
	else
		boot->initrd = line->last_initrd;
}

void cmdline_end(const struct cmdline *line)
{
	struct cv_boot *boot = line->boot;

	end_initrd(line);
	boot->cmdline_needs = PCR(8) | PCR(9);
	if (!boot->cmdline.len)
		boot->cmdline_doubt = "no command line was given";
	else if (line->events[8])
		end_grub(line);
	else if (line->stub.times)
		believe(line, &line->stub);
	else
		end_systemd_stub(line);
}

/* --- options ------------------------------------------------------------------------------------ */

/* None, or two, is not known: who reads it may take the first or the last; nor is what stands behind "--". */
bool cmdline_option(struct cv_bytes text, struct cv_bytes name, struct cv_bytes *value, struct cv_from *from)
{
	struct cv_bytes word;
	unsigned int times = 0;
	bool ended = false;

	if (cv_has_quotes(text)) {
		snprintf(from->text, sizeof(from->text), "the command line has quotes, or a backslash");
		return false;
	}
	while (cv_next_word(&text, &word)) {
		ended |= cv_is_end_of_options(word);
		if (word.len <= name.len || word.data[name.len] != '=' ||
		    !cv_bytes_equal((struct cv_bytes) { word.data, name.len }, name))
			continue;
		*value = (struct cv_bytes) { word.data + name.len + 1, word.len - name.len - 1 };
		times++;
		if (ended) {
			snprintf(from->text, sizeof(from->text), "the command line has it behind \"--\"");
			return false;
		}
	}
	if (times != 1)
		snprintf(from->text, sizeof(from->text), "the command line has it %u times", times);
	return times == 1;
}
