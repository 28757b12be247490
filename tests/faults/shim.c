/* Fails the k-th call of a kind on files under one folder. Loaded before libc; armed by the process that is tested. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, READ = 2, WRITE = 4, SYNC = 8, RENAME = 16 };

static char folder[4096];
static int kinds, error, lasting;
static long first;
static atomic_long calls;

void fault_arm(const char *under, int which, long kth, int number, int stays) {
    strncpy(folder, under, sizeof folder - 1);
    kinds = which, first = kth, error = number, lasting = stays;
    atomic_store(&calls, 0);
}

long fault_calls(void) { return atomic_load(&calls); }

static int inside(const char *path) { return folder[0] && strncmp(path, folder, strlen(folder)) == 0; }

static int inside_file(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = folder[0] ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return inside(path);
}

/* Counts a call; 1 when it is to fail. A negative error is a signal that the process gets instead. */
static int fails(int kind, int concerned) {
    if (!(kinds & kind) || !concerned) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (number != first && !(lasting && number > first && first > 0)) return 0;
    if (error < 0) {
        kill(getpid(), -error);
        return 0;
    }
    errno = error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_FILE(kind) \
    if ((kinds & kind) && fails(kind, inside_file(fd))) return -1

ssize_t read(int fd, void *data, size_t size) { ON_FILE(READ); return REAL(read)(fd, data, size); }
ssize_t pread(int fd, void *data, size_t size, off_t at) { ON_FILE(READ); return REAL(pread)(fd, data, size, at); }
ssize_t pread64(int fd, void *data, size_t size, off_t at) { ON_FILE(READ); return REAL(pread64)(fd, data, size, at); }
ssize_t write(int fd, const void *data, size_t size) { ON_FILE(WRITE); return REAL(write)(fd, data, size); }
ssize_t writev(int fd, const struct iovec *parts, int count) { ON_FILE(WRITE); return REAL(writev)(fd, parts, count); }
int fsync(int fd) { ON_FILE(SYNC); return REAL(fsync)(fd); }

int rename(const char *from, const char *to) {
    return fails(RENAME, inside(to)) ? -1 : REAL(rename)(from, to);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return fails(RENAME, inside(to)) ? -1 : REAL(renameat)(from_folder, from, to_folder, to);
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        int mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, int) : 0; \
        va_end(rest); \
        return fails(OPEN, inside(path)) ? -1 : REAL(name)(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)
