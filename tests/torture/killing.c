/* Kills its process at the n-th call that changes a file below a folder.
 *
 * Loaded before libc (LD_PRELOAD), it stands before the calls by which every library changes
 * files: Python, HDF5, SQLite, Rust's. `killing_arm` says which folder, which call and when:
 * before the call, after it, or in its midst, when half of the bytes are written; or it does not
 * die and only rests before the call, while another process goes on. `killing_count` says how many there were. Children that run another program do not have it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BEFORE = 0, AFTER = 1, MIDST = 2, REST = 3 };
#define RESTS 300000 /* microseconds */

static char folder[PATH_MAX];
static size_t length;
static long at;
static int when;
static atomic_long count;

__attribute__((constructor)) static void alone(void) { unsetenv("LD_PRELOAD"); }

void killing_arm(const char *path, long n, int how) {
    snprintf(folder, sizeof folder, "%s", path);
    length = strlen(folder);
    at = n;
    when = how;
    atomic_store(&count, 0);
}

long killing_count(void) { return atomic_load(&count); }

static void now(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int below(const char *path) {
    return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* Whether a path, as a call gives it, is below the folder. */
static int watched(int directory, const char *path) {
    char whole[2 * PATH_MAX], link[64];
    ssize_t n = 0;
    if (!length || !path) return 0;
    if (*path == '/') return below(path);
    if (directory == AT_FDCWD) {
        if (!getcwd(whole, PATH_MAX)) return 0;
        n = (ssize_t)strlen(whole);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        if ((n = readlink(link, whole, PATH_MAX - 1)) < 0) return 0;
    }
    snprintf(whole + n, PATH_MAX, "/%s", path);
    return below(whole);
}

static int watched_file(int file) {
    char link[64], path[PATH_MAX];
    ssize_t n;
    if (!length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if ((n = readlink(link, path, sizeof path - 1)) < 0) return 0;
    path[n] = 0;
    return below(path);
}

/* Counts a call; true if it is the one. */
static int mine(int is) {
    if (!is || atomic_fetch_add(&count, 1) + 1 != at) return 0;
    if (when == REST) usleep(RESTS);
    return when != REST;
}

#define REAL(name) static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* A call that happens whole or not at all: in its midst is before it. */
#define ATOMIC(is, call) \
    int hit = mine(is); \
    if (hit && when != AFTER) now(); \
    __typeof__(call) came = call; \
    if (hit) { int e = errno; now(); errno = e; } \
    return came

#define WRITE(file, half, call) \
    int hit = mine(watched_file(file)); \
    if (hit && when == BEFORE) now(); \
    if (hit && when == MIDST) { half; now(); } \
    ssize_t came = call; \
    if (hit) now(); \
    return came

ssize_t write(int f, const void *b, size_t n) { REAL(write); WRITE(f, real(f, b, n / 2), real(f, b, n)); }
ssize_t pwrite(int f, const void *b, size_t n, off_t o) { REAL(pwrite); WRITE(f, real(f, b, n / 2, o), real(f, b, n, o)); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t o) { REAL(pwrite64); WRITE(f, real(f, b, n / 2, o), real(f, b, n, o)); }
ssize_t writev(int f, const struct iovec *v, int n) { REAL(writev); WRITE(f, real(f, v, n / 2), real(f, v, n)); }
ssize_t sendfile(int f, int i, off_t *o, size_t n) { REAL(sendfile); WRITE(f, real(f, i, o, n < 4096 ? n / 2 : 1), real(f, i, o, n)); }
ssize_t sendfile64(int f, int i, off64_t *o, size_t n) { REAL(sendfile64); WRITE(f, real(f, i, o, n < 4096 ? n / 2 : 1), real(f, i, o, n)); }
ssize_t copy_file_range(int i, off64_t *p, int f, off64_t *o, size_t n, unsigned g) { REAL(copy_file_range); WRITE(f, real(i, p, f, o, 1, g), real(i, p, f, o, n, g)); }

int fsync(int f) { REAL(fsync); ATOMIC(watched_file(f), real(f)); }
int fdatasync(int f) { REAL(fdatasync); ATOMIC(watched_file(f), real(f)); }
int ftruncate(int f, off_t n) { REAL(ftruncate); ATOMIC(watched_file(f), real(f, n)); }
int ftruncate64(int f, off64_t n) { REAL(ftruncate64); ATOMIC(watched_file(f), real(f, n)); }
int rename(const char *a, const char *b) { REAL(rename); ATOMIC(watched(AT_FDCWD, b) || watched(AT_FDCWD, a), real(a, b)); }
int renameat(int d, const char *a, int e, const char *b) { REAL(renameat); ATOMIC(watched(e, b) || watched(d, a), real(d, a, e, b)); }
int renameat2(int d, const char *a, int e, const char *b, unsigned f) { REAL(renameat2); ATOMIC(watched(e, b) || watched(d, a), real(d, a, e, b, f)); }
int link(const char *a, const char *b) { REAL(link); ATOMIC(watched(AT_FDCWD, b), real(a, b)); }
int linkat(int d, const char *a, int e, const char *b, int f) { REAL(linkat); ATOMIC(watched(e, b), real(d, a, e, b, f)); }
int symlink(const char *a, const char *b) { REAL(symlink); ATOMIC(watched(AT_FDCWD, b), real(a, b)); }
int unlink(const char *a) { REAL(unlink); ATOMIC(watched(AT_FDCWD, a), real(a)); }
int unlinkat(int d, const char *a, int f) { REAL(unlinkat); ATOMIC(watched(d, a), real(d, a, f)); }
int rmdir(const char *a) { REAL(rmdir); ATOMIC(watched(AT_FDCWD, a), real(a)); }
int mkdir(const char *a, mode_t m) { REAL(mkdir); ATOMIC(watched(AT_FDCWD, a), real(a, m)); }
int mkdirat(int d, const char *a, mode_t m) { REAL(mkdirat); ATOMIC(watched(d, a), real(d, a, m)); }

/* Opening counts where it may make a file, or empty one. */
#define OPEN(directory, call) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); } \
    ATOMIC((flags & (O_CREAT | O_TRUNC)) && watched(directory, path), call)

int open(const char *path, int flags, ...) { REAL(open); OPEN(AT_FDCWD, real(path, flags, mode)); }
int open64(const char *path, int flags, ...) { REAL(open64); OPEN(AT_FDCWD, real(path, flags, mode)); }
int openat(int d, const char *path, int flags, ...) { REAL(openat); OPEN(d, real(d, path, flags, mode)); }
int openat64(int d, const char *path, int flags, ...) { REAL(openat64); OPEN(d, real(d, path, flags, mode)); }

/* C's own streams write past the names above. */
FILE *fopen(const char *path, const char *how) { REAL(fopen); ATOMIC(*how != 'r' && watched(AT_FDCWD, path), real(path, how)); }
FILE *fopen64(const char *path, const char *how) { REAL(fopen64); ATOMIC(*how != 'r' && watched(AT_FDCWD, path), real(path, how)); }
