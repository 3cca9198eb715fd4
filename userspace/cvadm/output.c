// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "output.h"

#define CELL_MAX	512

static json_t *json_text(const struct nlattr *nla)
{
	char buf[CELL_MAX];
	json_t *text;

	attr_text(nla, buf, sizeof(buf));
	text = json_string(buf);
	if (text)
		return text;
	for (char *p = buf; *p; p++)	/* not UTF-8 */
		if (!isascii((unsigned char)*p))
			*p = '?';
	return json_string(buf);
}

static json_t *json_bits(const struct nlattr *nla)
{
	json_t *array = json_array();
	uint64_t bits = attr_uint(nla);
	char other[16];

	for (int i = 0; i < 64; i++) {
		const char *name = attr_enum(nla_type(nla), i);

		snprintf(other, sizeof(other), "bit%d", i);
		if (bits >> i & 1)
			json_array_append_new(array, json_string(name ?: other));
	}
	return array;
}

static json_t *json_hexes(const struct nlattr *nla)
{
	json_t *array = json_array();
	char text[24];
	uint64_t v;

	for (int i = 0; i + 8 <= nla_len(nla); i += 8) {
		memcpy(&v, (const char *)nla_data(nla) + i, sizeof(v));
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

static json_t *json_offsets(const struct nlattr *nla)
{
	json_t *array = json_array();
	int32_t v;

	for (int i = 0; i + 4 <= nla_len(nla); i += 4) {
		memcpy(&v, (const char *)nla_data(nla) + i, sizeof(v));
		json_array_append_new(array, json_integer(v));
	}
	return array;
}

static json_t *json_nest(const struct nlattr *nla)
{
	struct nlattr *tb[CVNL_TB];

	if (nla_parse(tb, CV_A_MAX, nla_data(nla), nla_len(nla), NULL))
		return json_null();
	return output_json(tb);
}

static json_t *json_nests(const struct nlattr *nest)
{
	json_t *array = json_array();
	struct nlattr *nla;
	int rem;

	nla_for_each_nested(nla, nest, rem)
		json_array_append_new(array, json_nest(nla));
	return array;
}

static json_t *json_value(const struct nlattr *nla)
{
	const struct attr_desc *d = attr_find(nla_type(nla));

	switch (d ? d->look : LOOK_BYTES) {
	case LOOK_COUNT:
		return json_integer(attr_uint(nla));
	case LOOK_BOOL:
		return json_boolean(attr_uint(nla));
	case LOOK_BITS:
		return json_bits(nla);
	case LOOK_HEXES:
		return json_hexes(nla);
	case LOOK_OFFSETS:
		return json_offsets(nla);
	case LOOK_NESTS:
		return json_nests(nla);
	case LOOK_NEST:
		return json_nest(nla);
	default:
		return json_text(nla);
	}
}

json_t *output_json(struct nlattr **tb)
{
	json_t *object = json_object();
	char key[48];

	for (int i = CV_A_PAD + 1; i <= CV_A_MAX; i++) {
		if (!tb[i])
			continue;
		attr_key(i, key, sizeof(key));
		json_object_set_new(object, key, json_value(tb[i]));
	}
	return object;
}

void output_print(json_t *json, int flags)
{
	json_dumpf(json, stdout, flags);
	putchar('\n');
	json_decref(json);
}

void output_object(struct nlattr **tb, bool json)
{
	char key[48], value[CELL_MAX];

	if (json) {
		output_print(output_json(tb), JSON_INDENT(2));
		return;
	}
	for (int i = CV_A_PAD + 1; i <= CV_A_MAX; i++) {
		if (!tb[i])
			continue;
		attr_key(i, key, sizeof(key));
		attr_text(tb[i], value, sizeof(value));
		printf("%-18s %s\n", key, value);
	}
}

int output_done(const struct call *call, const char *noun, uint32_t id, const char *what)
{
	if (call->json)
		output_print(json_pack("{s:I}", noun, (json_int_t)id), JSON_INDENT(2));
	else
		printf("%s %u: %s\n", noun, id, what);
	return CVX_OK;
}

void output_begin(struct output *out, const struct call *call, const int *columns)
{
	memset(out, 0, sizeof(*out));
	out->json = call->json;
	out->columns = columns;
	if (out->json)
		out->array = json_array();
	else
		out->cells_file = open_memstream(&out->cells, &out->cells_len);
}

/* An address is in one of two attributes, and a column is one of them. */
static const struct nlattr *column_attr(struct nlattr **tb, int column)
{
	if (column == CV_A_PORT_ADDR4 && !tb[column])
		return tb[CV_A_PORT_ADDR6];
	return tb[column];
}

void output_row(struct nlattr **tb, void *arg)
{
	struct output *out = arg;
	char cell[CELL_MAX];

	out->rows++;
	if (out->json) {
		json_array_append_new(out->array, output_json(tb));
		return;
	}
	for (const int *c = out->columns; *c; c++) {
		const struct nlattr *nla = column_attr(tb, *c);

		snprintf(cell, sizeof(cell), "-");
		if (nla)
			attr_text(nla, cell, sizeof(cell));
		fwrite(cell, 1, strlen(cell) + 1, out->cells_file);
	}
}

/* Characters, not bytes. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(const char *text, int wide, bool last)
{
	printf("%s%*s", text, last ? 0 : wide - width(text) + 2, "");
	if (last)
		putchar('\n');
}

static void table_print(const struct output *out)
{
	int widths[CVNL_TB], n = 0;
	const char *p = out->cells;

	for (; out->columns[n]; n++)
		widths[n] = width(attr_find(out->columns[n])->heading);
	for (size_t i = 0; i < out->rows * n; i++, p += strlen(p) + 1)
		if (width(p) > widths[i % n])
			widths[i % n] = width(p);
	for (int i = 0; i < n; i++)
		print_cell(attr_find(out->columns[i])->heading, widths[i], i == n - 1);
	p = out->cells;
	for (size_t i = 0; i < out->rows * n; i++, p += strlen(p) + 1)
		print_cell(p, widths[i % n], (int)(i % n) == n - 1);
}

void output_end(struct output *out)
{
	if (out->json) {
		output_print(out->array, JSON_INDENT(2));
		return;
	}
	fclose(out->cells_file);
	table_print(out);
	free(out->cells);
}

int output_dump(struct call *call, struct nl_msg *msg, const int *columns)
{
	struct output out;
	int rc;

	output_begin(&out, call, columns);
	rc = cvnl_dump(call, msg, output_row, &out);
	if (rc)
		return rc;
	output_end(&out);
	return CVX_OK;
}
