// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks mutants of an image in this process's children: no crash, no hang, no unbounded memory, no
 * leak, no byte of the image changed, a message for each refusal, the same result with one and with
 * two threads. Prints each seed that fails; --dump gives its image.
 *
 * usage: mutate [--from SEED] [--count N] [--seconds S] IMAGE
 *        mutate --dump SEED IMAGE OUT
 */
#include "base/bytes.h"
#include "change.h"
#include "e4zero.h"
#include "errors.h"
#include "told.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32
#define HANG_SECONDS 10
#define MEMORY_LIMIT (512ull << 20)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Memory that a child shares with its parent. */
struct shared {
	uint64_t seed; /* being checked */
	uint64_t refused, clean, with_findings;
	double slowest;
	uint64_t slowest_seed;
};

struct fuzz {
	struct fuzz_image img;
	const char *name;
	int fd; /* of the mutant, in memory */
	char path[64];
	struct shared *shared;
	uint64_t failed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Check with JOBS threads; TOLD receives the report. False if the library broke a rule. */
static bool check(const struct fuzz *fuzz, uint64_t seed, unsigned jobs, struct told *told,
		  struct e4z_check_summary *summary, errcode_t *err)
{
	static const char *const paths[] = {"/d0/f0001", "/odd/slow400", "/", "/d1", "/odd/fast"};
	char number[24];
	const char *files[2] = {paths[seed / 8 % 5], number};
	const struct e4z_check_options options = {
		.jobs = jobs,
		.paranoid = seed & 1,
		.opaque = seed & 2,
		.all = seed % 8 != 7 && seed / 8 & 1,
		.files = seed % 8 == 7 ? files : NULL,
		.file_count = 1 + (seed / 64) % 2,
	};
	const struct e4z_check_sink sink = told_sink(told);
	struct e4z_image *img;

	snprintf(number, sizeof(number), "<%" PRIu64 ">", seed / 128 % fuzz->img.inodes + 1);
	told_begin(told);
	*err = e4z_open(fuzz->path, NULL, &img);
	if (!*err)
		*err = e4z_check(img, &options, &sink, summary);
	told_end(told, *err);
	if (*err == E4Z_ET_LEDGER) {
		printf("%s: seed %" PRIu64 ": %s\n", fuzz->name, seed, e4z_message(img, *err));
		*err = -1;
	} else if (*err && !*e4z_context(img) && e4z_message(img, *err) == error_message(*err)) {
		printf("%s: seed %" PRIu64 ": error %ld without a word\n", fuzz->name, seed, *err);
		*err = -1;
	}
	e4z_close(img);
	return *err != -1;
}

static bool unchanged(const struct fuzz *fuzz, const struct stat *before)
{
	struct stat after;

	return fstat(fuzz->fd, &after) == 0 && after.st_size == before->st_size &&
	       after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       after.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

static bool judge(struct fuzz *fuzz, uint64_t seed)
{
	struct e4z_check_summary summary[2] = {0};
	struct told told[2] = {0};
	struct shared *shared = fuzz->shared;
	struct stat before;
	errcode_t err = 0;
	bool good = fstat(fuzz->fd, &before) == 0;

	for (unsigned i = 0; i < 2 && good; i++)
		good = check(fuzz, seed, i + 1, &told[i], &summary[i], &err);
	if (good && !told_same(&told[0], &told[1])) {
		printf("%s: seed %" PRIu64 ": one and two threads differ\n", fuzz->name, seed);
		good = false;
	}
	if (good && !unchanged(fuzz, &before)) {
		printf("%s: seed %" PRIu64 ": the image was written to\n", fuzz->name, seed);
		good = false;
	}
	told_free(&told[0]);
	told_free(&told[1]);
	shared->refused += err != 0;
	shared->with_findings += !err && summary[0].findings;
	shared->clean += !err && !summary[0].findings;
	return good;
}

static void store(const struct fuzz *fuzz, uint64_t off, size_t len)
{
	if (pwrite(fuzz->fd, fuzz->img.data + off, len, (off_t)off) != (ssize_t)len)
		abort();
}

/* Write the whole image, with holes for zeroes. */
static void store_all(const struct fuzz *fuzz)
{
	if (ftruncate(fuzz->fd, 0) || ftruncate(fuzz->fd, (off_t)fuzz->img.len))
		abort();
	for (size_t off = 0, len; off < fuzz->img.len; off += len) {
		len = fuzz->img.len - off < 4096 ? fuzz->img.len - off : 4096;
		if (!bytes_are_zero(fuzz->img.data + off, len))
			store(fuzz, off, len);
	}
}

/* One mutant, from its making to its end. */
static bool one(struct fuzz *fuzz, uint64_t seed)
{
	struct change_vec changes = {0};
	struct change *undone;
	double start = now();
	size_t count;
	bool good;

	fuzz->shared->seed = seed;
	alarm(HANG_SECONDS);
	change_make(&fuzz->img, seed, &changes);
	for (size_t i = 0; i < changes.count; i++)
		store(fuzz, changes.items[i].off, changes.items[i].len);
	good = judge(fuzz, seed);
	undone = changes.items;
	count = changes.count;
	change_undo(&fuzz->img, &changes);
	for (size_t i = 0; i < count; i++)
		store(fuzz, undone[i].off, undone[i].len);
	vec_free(&changes);
	if (now() - start > fuzz->shared->slowest) {
		fuzz->shared->slowest = now() - start;
		fuzz->shared->slowest_seed = seed;
	}
	fflush(stdout);
	return good;
}

/* The bytes of the file are unchanged. */
static bool same_bytes(const struct fuzz *fuzz)
{
	uint8_t *bytes = mmap(NULL, fuzz->img.len, PROT_READ, MAP_SHARED, fuzz->fd, 0);
	size_t at = 0;

	if (bytes == MAP_FAILED)
		return false;
	while (at < fuzz->img.len && bytes[at] == fuzz->img.data[at])
		at++;
	munmap(bytes, fuzz->img.len);
	if (at == fuzz->img.len)
		return true;
	printf("%s: byte %zu of the image was changed\n", fuzz->name, at);
	return false;
}

static int child(struct fuzz *fuzz, uint64_t from, uint64_t count)
{
	struct rlimit limit = {MEMORY_LIMIT, MEMORY_LIMIT};
	int bad = 0;

	limit.rlim_cur += fuzz->img.len;
	limit.rlim_max += fuzz->img.len;
	if (!SANITIZED && setrlimit(RLIMIT_AS, &limit))
		return 1;
	for (uint64_t seed = from; seed < from + count; seed++)
		bad += !one(fuzz, seed);
	alarm(60);
	bad += !same_bytes(fuzz);
	return bad < 100 ? bad : 100;
}

/* Check COUNT mutants in a child. Returns the seed after the last one that was checked. */
static uint64_t batch(struct fuzz *fuzz, uint64_t from, uint64_t count)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	fuzz->shared->seed = from;
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		int bad = child(fuzz, from, count);

		fflush(stdout);
		/* 100 and more would be taken for the sanitizer's */
		exit(bad ? 100 : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return from + count;
	fuzz->failed++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 100)
		return from + count;
	printf("%s: seed %" PRIu64 ": %s %d\n", fuzz->name, fuzz->shared->seed,
	       WIFSIGNALED(status) ? (WTERMSIG(status) == SIGALRM ? "hang, signal" : "signal")
				   : "sanitizer, or a leak up to here: exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	/* the file in memory is in an unknown state */
	store_all(fuzz);
	return fuzz->shared->seed + 1;
}

static bool load(struct fuzz *fuzz, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	fuzz->name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	fuzz->img.len = (size_t)st.st_size;
	fuzz->img.data = malloc(fuzz->img.len);
	if (!fuzz->img.data || read(fd, fuzz->img.data, fuzz->img.len) != st.st_size)
		return false;
	close(fd);
	return target_find(&fuzz->img);
}

static int dump(struct fuzz *fuzz, uint64_t seed, const char *out)
{
	struct change_vec changes = {0};
	FILE *f = fopen(out, "wb");
	bool good;

	change_make(&fuzz->img, seed, &changes);
	good = f && fwrite(fuzz->img.data, 1, fuzz->img.len, f) == fuzz->img.len;
	change_undo(&fuzz->img, &changes);
	vec_free(&changes);
	return f && !fclose(f) && good ? 0 : 1;
}

static bool prepare(struct fuzz *fuzz)
{
	fuzz->shared = mmap(NULL, sizeof(*fuzz->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fuzz->fd = memfd_create("mutant", MFD_CLOEXEC);
	if (fuzz->shared == MAP_FAILED || fuzz->fd < 0)
		return false;
	snprintf(fuzz->path, sizeof(fuzz->path), "/proc/self/fd/%d", fuzz->fd);
	store_all(fuzz);
	return true;
}

static int run(struct fuzz *fuzz, uint64_t from, uint64_t count, double seconds)
{
	uint64_t seed = from, end = from + count;
	double start = now();

	if (!prepare(fuzz)) {
		perror("mutate");
		return 2;
	}
	while (seed < end && (seconds <= 0 || now() - start < seconds))
		seed = batch(fuzz, seed, end - seed < BATCH ? end - seed : BATCH);
	printf("%s: %" PRIu64 " mutants, %" PRIu64 " failed; %" PRIu64 " refused, %" PRIu64
	       " with findings, %" PRIu64 " without; slowest %.2f s (seed %" PRIu64 ")\n",
	       fuzz->name, seed - from, fuzz->failed, fuzz->shared->refused,
	       fuzz->shared->with_findings, fuzz->shared->clean, fuzz->shared->slowest,
	       fuzz->shared->slowest_seed);
	return fuzz->failed != 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"from", 1, NULL, 'f'},
						{"count", 1, NULL, 'c'},
						{"seconds", 1, NULL, 's'},
						{"dump", 1, NULL, 'd'},
						{NULL, 0, NULL, 0}};
	static struct fuzz fuzz;
	uint64_t from = 1, count = 1000;
	double seconds = 0;
	int c, dumping = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return 2;
		if (c == 's')
			seconds = strtod(optarg, NULL);
		else if (c == 'c')
			count = strtoull(optarg, NULL, 0);
		else
			from = strtoull(optarg, NULL, 0);
		dumping |= c == 'd';
	}
	if (argc - optind != 1 + dumping) {
		fputs("usage: mutate [--from SEED] [--count N] [--seconds S] IMAGE\n"
		      "       mutate --dump SEED IMAGE OUT\n",
		      stderr);
		return 2;
	}
	if (!load(&fuzz, argv[optind])) {
		fprintf(stderr, "mutate: %s: no file system to change\n", argv[optind]);
		return 2;
	}
	e4z_init_errors();
	return dumping ? dump(&fuzz, from, argv[optind + 1]) : run(&fuzz, from, count, seconds);
}
