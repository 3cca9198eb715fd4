// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

const char *const capture_reg_names[__CV_REGS] = {
	[CV_REG_RAX] = "rax", [CV_REG_RCX] = "rcx", [CV_REG_RDX] = "rdx", [CV_REG_RBX] = "rbx",
	[CV_REG_RSP] = "rsp", [CV_REG_RBP] = "rbp", [CV_REG_RSI] = "rsi", [CV_REG_RDI] = "rdi",
	[CV_REG_R8] = "r8", [CV_REG_R9] = "r9", [CV_REG_R10] = "r10", [CV_REG_R11] = "r11",
	[CV_REG_R12] = "r12", [CV_REG_R13] = "r13", [CV_REG_R14] = "r14", [CV_REG_R15] = "r15",
	[CV_REG_RIP] = "rip", [CV_REG_RFLAGS] = "rflags",
};

static bool number(const char **p, uint64_t max, uint64_t *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	*out = strtoull(*p, &end, strncmp(*p, "0x", 2) ? 10 : 16);
	if (errno || *out > max)
		return false;
	*p = end;
	return true;
}

/* Offsets are written outermost first. */
static const char *offsets(const char **p, struct capture *c)
{
	int32_t outer[CV_CAPTURE_STEPS];
	unsigned int n = 0, i;
	uint64_t v;
	int sign;

	while (**p == '+' || **p == '-') {
		if (n == CV_CAPTURE_STEPS)
			return "a register: a place has at most 4 offsets";
		sign = *(*p)++ == '-' ? -1 : 1;
		if (!number(p, INT32_MAX, &v))
			return "a number of at most 2147483647 after the sign";
		if (*(*p) != '(')
			return "\"(\"";
		++*p;
		outer[n++] = sign * (int32_t)v;
	}
	if (!n)
		return "an offset with a sign, such as +0";
	for (i = 0; i < n; i++)
		c->path[i] = outer[n - 1 - i];
	c->steps = n;
	return NULL;
}

static const char *reg(const char **p, struct capture *c)
{
	size_t len;
	int i;

	if (**p != '%')
		return "an offset with a sign, or % and a register";
	len = strcspn(*p + 1, "):");
	for (i = 0; i < __CV_REGS; i++)
		if (strlen(capture_reg_names[i]) == len &&
		    !memcmp(*p + 1, capture_reg_names[i], len))
			break;
	if (i == __CV_REGS)
		return "%rax, %rbx, %rcx, %rdx, %rsi, %rdi, %rbp, %rsp, %r8 to %r15, %rip or %rflags";
	c->reg = i;
	*p += 1 + len;
	return NULL;
}

const char *capture_parse(const char *text, struct capture *c, const char **at)
{
	uint64_t len = CAPTURE_DEFAULT;
	const char *expected;
	unsigned int i;

	*at = text;
	expected = offsets(at, c) ?: reg(at, c);
	if (expected)
		return expected;
	for (i = 0; i < c->steps; i++, ++*at)
		if (**at != ')')
			return "\")\"";
	if (**at == ':') {
		++*at;
		if (!number(at, CV_CAPTURE_MAX, &len) || !len)
			return "a number of bytes, 1 to 256";
	}
	if (**at)
		return "the end";
	c->len = len;
	return NULL;
}
