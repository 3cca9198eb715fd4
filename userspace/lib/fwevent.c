// SPDX-License-Identifier: GPL-2.0
#include <cv/fwevent.h>

/* 10.4.1 */
#define EV_POST_CODE			0x00000001
#define EV_ACTION			0x00000005
#define EV_EVENT_TAG			0x00000006
#define EV_IPL				0x0000000d
#define EV_EFI_VARIABLE_DRIVER_CONFIG	0x80000001
#define EV_EFI_VARIABLE_BOOT		0x80000002
#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003
#define EV_EFI_BOOT_SERVICES_DRIVER	0x80000004
#define EV_EFI_RUNTIME_SERVICES_DRIVER	0x80000005
#define EV_EFI_ACTION			0x80000007
#define EV_EFI_VARIABLE_BOOT2		0x8000000c
#define EV_EFI_VARIABLE_AUTHORITY	0x800000e0

/* Tags of Linux' EFI stub. */
#define TAG_INITRD			0x8f3b22ec
#define TAG_LOAD_OPTIONS		0x8f3b22ed

static const struct { uint32_t type; const char *name; } types[] = {
	{ 0x00000000, "EV_PREBOOT_CERT" }, { EV_POST_CODE, "EV_POST_CODE" },
	{ 0x00000002, "EV_UNUSED" }, { CV_EV_NO_ACTION, "EV_NO_ACTION" },
	{ 0x00000004, "EV_SEPARATOR" }, { EV_ACTION, "EV_ACTION" },
	{ EV_EVENT_TAG, "EV_EVENT_TAG" }, { 0x00000007, "EV_S_CRTM_CONTENTS" },
	{ 0x00000008, "EV_S_CRTM_VERSION" }, { 0x00000009, "EV_CPU_MICROCODE" },
	{ 0x0000000a, "EV_PLATFORM_CONFIG_FLAGS" }, { 0x0000000b, "EV_TABLE_OF_DEVICES" },
	{ 0x0000000c, "EV_COMPACT_HASH" }, { EV_IPL, "EV_IPL" },
	{ 0x0000000e, "EV_IPL_PARTITION_DATA" }, { 0x0000000f, "EV_NONHOST_CODE" },
	{ 0x00000010, "EV_NONHOST_CONFIG" }, { 0x00000011, "EV_NONHOST_INFO" },
	{ 0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS" }, { 0x00000013, "EV_POST_CODE2" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
	{ EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT" },
	{ EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION" },
	{ EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER" },
	{ EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
	{ 0x80000006, "EV_EFI_GPT_EVENT" }, { EV_EFI_ACTION, "EV_EFI_ACTION" },
	{ 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB" }, { 0x80000009, "EV_EFI_HANDOFF_TABLES" },
	{ 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" }, { 0x8000000b, "EV_EFI_HANDOFF_TABLES2" },
	{ EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2" }, { 0x8000000d, "EV_EFI_GPT_EVENT2" },
	{ CV_EV_HCRTM, "EV_EFI_HCRTM_EVENT" },
	{ EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY" },
	{ 0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB" }, { 0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
};

const char *cv_fwevent_type_name(uint32_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

/* --- what was measured ---------------------------------------------------------------- */

static bool digest_is_of(const uint8_t *digest, const struct cv_hash *hash, struct cv_bytes content)
{
	uint8_t computed[CV_HASH_MAX];

	return digest && cv_hash_of(hash, &content, 1, computed) && !memcmp(computed, digest, hash->size);
}

/* Text as it is measured: with or without its final zero. */
static bool is_text_of(struct cv_bytes *text, const uint8_t *digest, const struct cv_hash *hash)
{
	struct cv_bytes without = *text;

	if (digest_is_of(digest, hash, *text))
		return true;
	if (!without.len || without.data[without.len - 1])
		return false;
	without.len--;
	if (!digest_is_of(digest, hash, without))
		return false;
	*text = without;
	return true;
}

/* --- what is known by what was measured ------------------------------------------------- */

/* 10.4.1: of a register that the firmware is done with, or was done with otherwise; the last after an error. */
static const uint8_t separators[][4] = { { 0, 0, 0, 0 }, { 0xff, 0xff, 0xff, 0xff }, { 1, 0, 0, 0 } };

/* 10.4.4, and what SeaBIOS adds: in registers to which code is measured, too. */
static const char *const actions[] = {
	"Calling EFI Application from Boot Option", "Returning from EFI Application from Boot Option",
	"Calling INT 19h", "Returned INT 19h", "Return via INT 18h", "Start Option ROM Scan",
	"Booting BCV device 80h (HDD)", "Booting BCV device 00h (Floppy)", "Booting from CD ROM device",
	"Exit Boot Services Invocation", "Exit Boot Services Returned with Success",
	"Exit Boot Services Returned with Failure",
};

static bool is_separator(const uint8_t *digest, const struct cv_hash *hash)
{
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (digest_is_of(digest, hash, (struct cv_bytes) { separators[i], 4 }))
			return true;
	return false;
}

static bool is_action(struct cv_bytes text)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (cv_fwevent_is(text, false, actions[i]))
			return true;
	return false;
}

/* --- bodies ------------------------------------------------------------------------------ */

/* UEFI_VARIABLE_DATA, 10.2.6 */
static void read_variable(struct cv_fwevent *to, const struct cv_fwlog_event *event, const uint8_t *digest,
			  const struct cv_hash *hash)
{
	struct cv_reader r = cv_reader(event->body);
	struct cv_bytes guid = cv_take(&r, 16), name, data;
	uint64_t name_len = cv_take_le(&r, 8), data_len = cv_take_le(&r, 8);

	to->utf16 = true;
	if (name_len > r.left / 2)
		return;
	name = cv_take(&r, 2 * name_len);
	data = cv_take(&r, data_len);
	if (r.beyond || r.left)
		return;
	to->guid = guid;
	to->name = name;
	to->data = data;
	to->bound = digest_is_of(digest, hash, to->kind == CV_FWEVENT_BOOT_ENTRY ? data : event->body);
}

/* The file nodes of a device path (UEFI 10.3.5.4), of which an image has one at most. */
static struct cv_bytes file_of(struct cv_bytes path)
{
	struct cv_reader r = cv_reader(path);

	while (r.left) {
		uint8_t type = cv_take_le(&r, 1), subtype = cv_take_le(&r, 1);
		uint64_t len = cv_take_le(&r, 2);
		struct cv_bytes data;

		if (len < 4)
			break;
		data = cv_take(&r, len - 4);
		if (r.beyond || type == 0x7f)
			break;
		if (type == 4 && subtype == 4)
			return data;
	}
	return (struct cv_bytes) { NULL, 0 };
}

/* UEFI_IMAGE_LOAD_EVENT, 10.2.3: where it was loaded, and from where. */
static void read_image(struct cv_fwevent *to, const struct cv_fwlog_event *event)
{
	struct cv_reader r = cv_reader(event->body);
	struct cv_bytes path;

	cv_take(&r, 8 + 8 + 8);
	path = cv_take(&r, cv_take_le(&r, 8));
	to->utf16 = true;
	to->name = file_of(path);
}

/* TCG_PCClientTaggedEvent, 10.2.8 */
static void read_tag(struct cv_fwevent *to, const struct cv_fwlog_event *event)
{
	struct cv_reader r = cv_reader(event->body);
	uint32_t tag = cv_take_le(&r, 4);

	if (tag == TAG_INITRD && event->pcr == 9)
		to->kind = CV_FWEVENT_INITRD;
	else if (tag == TAG_LOAD_OPTIONS && event->pcr == 9)
		to->kind = CV_FWEVENT_OPTIONS;
	else
		return;
	to->name = cv_take(&r, cv_take_le(&r, 4));
}

static bool skip(struct cv_bytes *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->data, prefix, len))
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

#define SECTION_MAX	16

/* systemd-stub measures the name of each section, in ASCII with its zero, before the content. */
static bool is_section_name(struct cv_bytes utf16, const uint8_t *digest, const struct cv_hash *hash)
{
	struct cv_reader r = cv_reader(utf16);
	uint8_t ascii[SECTION_MAX];
	size_t n = 0;

	while (r.left && n < SECTION_MAX)
		ascii[n++] = cv_take_le(&r, 2);
	return n && !r.beyond && ascii[0] == '.' && !ascii[n - 1] &&
	       digest_is_of(digest, hash, (struct cv_bytes) { ascii, n });
}

/* GRUB: commands to PCR 8, "grub_cmd: " before what was measured; names of files to PCR 9. systemd-stub: PCR 11 and 12. */
static void read_ipl(struct cv_fwevent *to, const struct cv_fwlog_event *event, const uint8_t *digest,
		     const struct cv_hash *hash)
{
	to->name = event->body;
	if (event->pcr == 8) {
		to->kind = skip(&to->name, "kernel_cmdline: ") ? CV_FWEVENT_CMDLINE : CV_FWEVENT_COMMAND;
		if (!skip(&to->name, "grub_cmd: "))
			skip(&to->name, "module_cmdline: ");
		to->bound = is_text_of(&to->name, digest, hash);
	} else if (event->pcr == 9) {
		to->kind = CV_FWEVENT_FILE;
	} else if (event->pcr == 11) {
		to->utf16 = true;
		to->bound = is_section_name(to->name, digest, hash);
		to->kind = to->bound ? CV_FWEVENT_SECTION : CV_FWEVENT_FILE;
	} else if (event->pcr == 12) {
		to->kind = CV_FWEVENT_COMMAND;
		to->utf16 = true;
		to->bound = is_text_of(&to->name, digest, hash);
	}
}

static void read_as_told(struct cv_fwevent *to, const struct cv_fwlog_event *event, const uint8_t *digest,
			 const struct cv_hash *hash)
{
	switch (event->type) {
	case EV_ACTION:
	case EV_EFI_ACTION:
		to->kind = CV_FWEVENT_ACTION;
		to->name = event->body;
		to->bound = is_text_of(&to->name, digest, hash);
		to->routine = to->bound && is_action(to->name);
		break;
	case EV_EFI_VARIABLE_DRIVER_CONFIG:
	case EV_EFI_VARIABLE_AUTHORITY:
	case EV_EFI_VARIABLE_BOOT2:
		to->kind = CV_FWEVENT_VARIABLE;
		read_variable(to, event, digest, hash);
		break;
	case EV_EFI_VARIABLE_BOOT:
		to->kind = CV_FWEVENT_BOOT_ENTRY;
		read_variable(to, event, digest, hash);
		break;
	case EV_EFI_BOOT_SERVICES_APPLICATION:
	case EV_EFI_BOOT_SERVICES_DRIVER:
	case EV_EFI_RUNTIME_SERVICES_DRIVER:
		to->kind = CV_FWEVENT_IMAGE;
		read_image(to, event);
		break;
	case EV_EVENT_TAG: read_tag(to, event); break;
	case EV_IPL: read_ipl(to, event, digest, hash); break;
	}
}

void cv_fwevent_read(struct cv_fwevent *to, const struct cv_fwlog_event *event, unsigned int bank,
		     const struct cv_hash *hash)
{
	const uint8_t *digest = event->digest[bank];

	*to = (struct cv_fwevent) {};
	if (event->type == CV_EV_NO_ACTION) {
		to->kind = CV_FWEVENT_NO_ACTION;
	} else if (is_separator(digest, hash)) {
		to->kind = CV_FWEVENT_SEPARATOR;
		to->bound = true;
	} else {
		read_as_told(to, event, digest, hash);
	}
}

/* --- text --------------------------------------------------------------------------------- */

/* All of a character's bytes, or none. */
static void put(char *out, size_t size, size_t *len, const uint8_t *bytes, size_t n)
{
	if (*len + n < size)
		memcpy(out + *len, bytes, n);
	else if (*len < size)
		memset(out + *len, 0, size - *len);
	*len += n;
}

/* Nothing that a terminal would obey: no control characters, and none of the C1 set. */
static void put_char(char *out, size_t size, size_t *len, uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c > 0xfffd)
		c = '?';
	if (c < 0x80)
		put(out, size, len, (const uint8_t []) { c }, 1);
	else if (c < 0x800)
		put(out, size, len, (const uint8_t []) { 0xc0 | c >> 6, 0x80 | (c & 0x3f) }, 2);
	else
		put(out, size, len, (const uint8_t []) { 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f) }, 3);
}

/* Bytes that are not ASCII are of no known encoding. */
int cv_fwevent_print(struct cv_bytes text, bool utf16, char *out, size_t size)
{
	struct cv_reader r = cv_reader(text);
	unsigned int width = utf16 ? 2 : 1;
	size_t len = 0;

	while (r.left >= width) {
		uint32_t c = cv_take_le(&r, width);

		if (!c && r.left < width)
			break;
		put_char(out, size, &len, !utf16 && c > 0x7e ? 0 : c);
	}
	if (size)
		out[len < size ? len : size - 1] = 0;
	return len;
}

bool cv_fwevent_is(struct cv_bytes text, bool utf16, const char *ascii)
{
	struct cv_reader r = cv_reader(text);
	unsigned int width = utf16 ? 2 : 1;

	for (; *ascii; ascii++)
		if (cv_take_le(&r, width) != (uint8_t)*ascii || r.beyond)
			return false;
	return !r.left || (r.left == width && !cv_take_le(&r, width));
}
