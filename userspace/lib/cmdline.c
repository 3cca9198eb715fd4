// SPDX-License-Identifier: GPL-2.0
/*
 * Linux' EFI stub measures what it was given to PCR 9 before anything else, since
 * 6.2. Others measure there, too: GRUB, which is known by PCR 8; a kernel that was
 * started before, and came back, which PCR 4 tells; and root later, which
 * boot_aggregate excludes: the kernel took the registers before anyone else ran.
 */
#include <stdio.h>
#include <stdlib.h>
#include "cmdline.h"

#define STUB_PCRS	(1u << 4 | 1u << 8 | 1u << 9)	/* what the EFI stub extends, and what would hide it */
#define LINE_MAX	2048	/* COMMAND_LINE_SIZE: what is behind it was measured, and is not the kernel's */

static bool hash_forms(struct cmdline *line)
{
	static const char returning[] = "Returning from EFI Application from Boot Option";
	struct cv_bytes text = line->boot->cmdline, wide, action = { (const uint8_t *)returning, sizeof(returning) - 1 };
	const struct cv_hash *hash = line->boot->hash;
	uint8_t *utf16 = calloc(text.len + 1, 2);
	bool done;

	if (!utf16)
		return false;
	for (size_t i = 0; i < text.len; i++)
		utf16[2 * i] = text.data[i];
	wide = (struct cv_bytes) { utf16, 2 * text.len };
	done = cv_hash_of(hash, &wide, 1, line->wide) && cv_hash_of(hash, &action, 1, line->returning);
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

static bool is_line(const struct cmdline *line, const uint8_t *digest)
{
	size_t size = line->boot->hash->size;

	return line->boot->cmdline.len && (!memcmp(digest, line->wide, size) || !memcmp(digest, line->wide_zero, size));
}

/* What is no separator and no action is an image, whatever the log calls it. */
static void look_at_image(struct cmdline *line, const uint8_t *digest, const struct cv_fwevent *what)
{
	size_t size = line->boot->hash->size;

	if (!memcmp(digest, line->returning, size)) {
		line->again |= line->images;
		return;
	}
	if (what->kind == CV_FWEVENT_SEPARATOR || what->routine)
		return;
	for (unsigned int i = 0; i < line->images; i++)
		line->again |= !memcmp(digest, line->image[i], size);
	if (line->images < CMDLINE_IMAGES)
		line->image[line->images++] = digest;
	else
		line->again = true;
}

void cmdline_look(struct cmdline *line, const struct cv_fwlog_event *event, const struct cv_fwevent *what)
{
	const uint8_t *digest = event->digest[line->boot->bank];
	struct cv_boot_event *to;

	if (event->pcr == 4)
		look_at_image(line, digest, what);
	line->grub += event->pcr == 8;
	if (event->pcr != 9)
		return;
	to = !line->stub++ && is_line(line, digest) ? &line->options : &line->other;
	to->index = event->index;
	to->digest = digest;
	to->times++;
	line->other_is_initrd = what->kind == CV_FWEVENT_INITRD;
}

/* --- what follows ------------------------------------------------------------------------------ */

/* What the kernel takes is what was measured: it stops at a control character, and at its limit. */
static bool is_plain(struct cv_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	return text.len < LINE_MAX;
}

/* However it is spelled around that. */
static bool contains(struct cv_bytes text, const char *what)
{
	return text.data && memmem(text.data, text.len, what, strlen(what));
}

static const char *doubt_of_all(const struct cmdline *line)
{
	if (STUB_PCRS & ~line->boot->quoted)
		return "PCR 4, 8 and 9 are not all quoted";
	if (!line->boot->at_start)
		return "no boot_aggregate of registers 0 to 9 is proven";
	if (line->again)
		return "an image was started twice, or came back (PCR 4)";
	return line->grub ? "GRUB ran: what it did is in boot.command and boot.file" : NULL;
}

static const char *doubt_of_line(const struct cmdline *line)
{
	struct cv_bytes text = line->boot->cmdline;

	if (!text.len)
		return "no command line was given";
	if (!is_plain(text))
		return "the command line is too long, or has other characters than ASCII's";
	if (contains(text, "bootconfig"))
		return "the command line goes on in the initrd (bootconfig)";
	if (contains(text, "initcall_blacklist"))
		return "the command line can turn off who measures (initcall_blacklist)";
	if (doubt_of_all(line))
		return doubt_of_all(line);
	if (!line->stub)
		return "no event measured a command line";
	if (!line->options.times)
		return "another command line was measured, or none";
	return line->other.times > 1 ? "PCR 9 has more than a command line and an initrd" : NULL;
}

/* Beside a command line that is known: alone it could be one. */
static const char *doubt_of_initrd(const struct cmdline *line)
{
	if (doubt_of_all(line))
		return doubt_of_all(line);
	if (!line->other.times)
		return "no event measured an initrd";
	if (!line->options.times || line->other.times > 1 || !line->other_is_initrd)
		return "PCR 9 has more than a command line that is known and an initrd";
	return NULL;
}

void cmdline_end(const struct cmdline *line)
{
	struct cv_boot *boot = line->boot;

	boot->cmdline_doubt = doubt_of_line(line);
	boot->initrd_doubt = doubt_of_initrd(line);
	boot->options = line->options;
	boot->initrd = line->other;
}

/* --- options ------------------------------------------------------------------------------------ */

/* As the kernel compares names: "-" is "_". */
static bool has_name(struct cv_bytes word, struct cv_bytes name)
{
	if (word.len < name.len || (word.len > name.len && word.data[name.len] != '='))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((word.data[i] == '-' ? '_' : word.data[i]) != (name.data[i] == '-' ? '_' : name.data[i]))
			return false;
	return true;
}

/*
 * None, or two, is not known: who reads it may take the first or the last; nor is
 * what stands behind "--". A name without a value counts as one that is empty.
 */
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
		if (!has_name(word, name))
			continue;
		*value = (struct cv_bytes) { word.data + word.len, 0 };
		if (word.len > name.len)
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
