// SPDX-License-Identifier: GPL-2.0
#include <cv/fact.h>

#define NAME_MAX_LEN	64	/* longer names are near to none */

static const struct cv_fact *in_table(const struct cv_fact *table, struct cv_bytes name)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == name.len && !memcmp(table->name, name.data, name.len))
			return table;
	return NULL;
}

const struct cv_fact *cv_fact_find(const struct cv_catalog *catalog, struct cv_bytes name,
				   const struct cv_module **module)
{
	for (unsigned int i = 0; i < catalog->n_modules; i++) {
		const struct cv_fact *fact = in_table(catalog->modules[i]->facts, name);

		if (!fact)
			continue;
		*module = catalog->modules[i];
		return fact;
	}
	return NULL;
}

const struct cv_fact *cv_fact_field(const struct cv_fact *list, struct cv_bytes name)
{
	return list ? in_table(list->fields, name) : NULL;
}

/* --- a name that may have been meant ----------------------------------------------- */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* How many letters are to be changed, added or removed (Levenshtein). */
static unsigned int distance(const char *a, struct cv_bytes b)
{
	unsigned int row[NAME_MAX_LEN + 1], diagonal, above;

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < b.len; j++) {
			above = row[j + 1];
			row[j + 1] = least(above + 1, row[j] + 1,
					   diagonal + ((uint8_t)a[i] != b.data[j]));
			diagonal = above;
		}
	}
	return row[b.len];
}

struct nearest {
	const char *name;
	unsigned int distance;
};

static void nearest_in(struct nearest *best, const struct cv_fact *table, struct cv_bytes name)
{
	for (; table && table->name; table++) {
		unsigned int d = distance(table->name, name);

		if (d < best->distance)
			*best = (struct nearest) { table->name, d };
	}
}

const char *cv_fact_nearest(const struct cv_catalog *catalog, const struct cv_fact *list,
			    struct cv_bytes name)
{
	struct nearest best = { NULL, 3 + name.len / 4 };

	if (name.len > NAME_MAX_LEN)
		return NULL;
	if (list)
		nearest_in(&best, list->fields, name);
	for (unsigned int i = 0; i < catalog->n_modules; i++)
		nearest_in(&best, catalog->modules[i]->facts, name);
	return best.name;
}
