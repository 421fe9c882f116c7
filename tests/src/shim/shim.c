/* Replaces system calls of the programs under test: the time of day, and writes to a full disk.
 *
 * It is preloaded (LD_PRELOAD). Test and program map the same control file, so a change takes effect at the next call.
 * Monotonic clocks are not changed, just as when the system time is set. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int64_t clock_offset_ns;
    /* While not 0, files in the folder cannot grow. */
    volatile int64_t is_disk_full;
};

static struct control nothing;
static struct control *control = &nothing;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SHIM_CONTROL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return;
    folder = getenv("SHIM_FOLDER");
    control = memory;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int result = (int)syscall(SYS_clock_gettime, clock, at);
    int64_t offset = control->clock_offset_ns;
    if (result == 0 && offset != 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t nanoseconds = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + offset;
        at->tv_sec = (time_t)(nanoseconds / 1000000000);
        at->tv_nsec = (long)(nanoseconds % 1000000000);
    }
    return result;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

/* As on a full disk, existing bytes of a file can be overwritten, but the file cannot grow. */
static int has_room(int file, off_t end) {
    char link[64], path[4096];
    struct stat status;
    if (!control->is_disk_full || !folder) return 1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 1;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0) return 1;
    if (fstat(file, &status) != 0 || end <= status.st_size) return 1;
    errno = ENOSPC;
    return 0;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (control->is_disk_full && folder) {
        off_t at = (off_t)syscall(SYS_lseek, file, (off_t)0, SEEK_CUR);
        if (at >= 0 && !has_room(file, at + (off_t)count)) return -1;
    }
    return syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    if (!has_room(file, at + (off_t)count)) return -1;
    return syscall(SYS_pwrite64, file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) { return pwrite(file, bytes, count, at); }

int posix_fallocate(int file, off_t at, off_t count) {
    if (!has_room(file, at + count)) return ENOSPC;
    return syscall(SYS_fallocate, file, 0, at, count) == 0 ? 0 : errno;
}

int posix_fallocate64(int file, off64_t at, off64_t count) { return posix_fallocate(file, at, count); }
