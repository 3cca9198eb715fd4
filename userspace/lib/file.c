// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cv/file.h>

static bool failed(const char *path, const char *what, struct cv_error *err)
{
	return cv_refuse(err, CV_E_FILE, "%s: cannot %s it: %s", path, what, strerror(errno));
}

/* Until it ends: files of securityfs have a size of 0, and those of procfs cannot be mapped. */
static bool read_all(struct cv_file *file, int fd, const char *path, struct cv_error *err)
{
	uint8_t *data = NULL, *grown;
	size_t len = 0, size = 0;
	ssize_t got;

	do {
		if (len == size) {
			size = size ? 2 * size : 65536;
			grown = size <= CV_FILE_MAX ? realloc(data, size) : NULL;
			if (!grown) {
				free(data);
				return cv_refuse(err, CV_E_FILE, "%s: more than %u bytes", path, CV_FILE_MAX);
			}
			data = grown;
		}
		got = read(fd, data + len, size - len);
		len += got > 0 ? got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		free(data);
		return failed(path, "read", err);
	}
	file->bytes = (struct cv_bytes) { data, len };
	return true;
}

static bool map(struct cv_file *file, int fd, size_t size)
{
	void *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (mapped == MAP_FAILED)
		return false;
	file->mapped = mapped;
	file->bytes = (struct cv_bytes) { mapped, size };
	return true;
}

bool cv_file_open(struct cv_file *file, const char *path, struct cv_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool good;

	*file = (struct cv_file) {};
	if (fd < 0)
		return failed(path, "open", err);
	if (fstat(fd, &st))
		good = failed(path, "look at", err);
	else if (S_ISREG(st.st_mode) && st.st_size > CV_FILE_MAX)
		good = cv_refuse(err, CV_E_FILE, "%s: more than %u bytes", path, CV_FILE_MAX);
	else
		good = (S_ISREG(st.st_mode) && st.st_size && map(file, fd, st.st_size)) || read_all(file, fd, path, err);
	close(fd);
	return good;
}

void cv_file_close(struct cv_file *file)
{
	if (file->mapped)
		munmap(file->mapped, file->bytes.len);
	else
		free((void *)file->bytes.data);
	*file = (struct cv_file) {};
}
