// A disk whose power may go at any moment: for LD_PRELOAD. What is written to a database and its log is also kept in memory, and
// reaches NAME.durable only when the file is synced. After the program was killed these hold what a power loss would have left.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct change {
    struct change *next;
    char path[512];
    off_t at;
    size_t count;  // of bytes; when there are none, the file is cut at this place
    char bytes[];
};

static struct change *first, **last = &first;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static int watched(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, 500);
    if (length <= 0) return 0;
    path[length] = 0;
    const char *end = strrchr(path, '/');
    return end && (strcmp(end, "/gflow.db") == 0 || strcmp(end, "/gflow.db-wal") == 0);
}

static void keep(int file, const void *bytes, size_t count, off_t at) {
    struct change *change = malloc(sizeof *change + count);
    if (!watched(file, change->path)) {
        free(change);
        return;
    }
    change->next = NULL;
    change->at = at;
    change->count = count;
    if (count) memcpy(change->bytes, bytes, count);
    pthread_mutex_lock(&gate);
    *last = change;
    last = &change->next;
    pthread_mutex_unlock(&gate);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    ssize_t written = REAL(pwrite64)(file, bytes, count, at);
    int error = errno;
    if (written > 0) keep(file, bytes, written, at);
    errno = error;
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    return pwrite64(file, bytes, count, at);
}

int ftruncate64(int file, off64_t length) {
    int result = REAL(ftruncate64)(file, length);
    int error = errno;
    if (result == 0) keep(file, NULL, 0, length);
    errno = error;
    return result;
}

int ftruncate(int file, off_t length) {
    return ftruncate64(file, length);
}

// What was written before the sync began is safe once it has returned.
static int synced(int file, int (*sync)(int)) {
    char path[512], shadow[520];
    if (!watched(file, path)) return sync(file);
    pthread_mutex_lock(&gate);
    int result = sync(file);
    int error = errno;
    if (result == 0) {
        snprintf(shadow, sizeof shadow, "%s.durable", path);
        int copy = open(shadow, O_RDWR | O_CREAT, 0600);
        for (struct change **at = &first; *at;) {
            struct change *change = *at;
            if (strcmp(change->path, path) != 0) {
                at = &change->next;
                continue;
            }
            if (change->count == 0 ? REAL(ftruncate64)(copy, change->at) != 0 : REAL(pwrite64)(copy, change->bytes, change->count, change->at) < 0) abort();
            *at = change->next;
            free(change);
        }
        for (last = &first; *last; last = &(*last)->next) {}
        close(copy);
    }
    pthread_mutex_unlock(&gate);
    errno = error;
    return result;
}

int fsync(int file) {
    return synced(file, REAL(fsync));
}

int fdatasync(int file) {
    return synced(file, REAL(fdatasync));
}
