// A module of the name service that hangs for one user's groups and for one uid, which it alone knows, until a file is there.
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define PASTE(service, function) _nss_##service##_##function
#define NAMED(service, function) PASTE(service, function)

static void hang(void) {
    for (int i = 0; i < 3000 && access(GATE, F_OK) != 0; i++)
        usleep(10000);
}

enum nss_status NAMED(SERVICE, getpwuid_r)(uid_t uid, struct passwd *entry, char *texts, size_t size, int *error) {
    if (uid != KNOWN)
        return NSS_STATUS_NOTFOUND;
    hang();
    if (size < 64) {
        *error = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    memcpy(texts, NAME "\0x\0\0/\0/bin/sh", sizeof(NAME "\0x\0\0/\0/bin/sh"));
    entry->pw_name = texts;
    entry->pw_passwd = texts + sizeof(NAME);
    entry->pw_gecos = texts + sizeof(NAME "\0x") ;
    entry->pw_dir = texts + sizeof(NAME "\0x\0");
    entry->pw_shell = texts + sizeof(NAME "\0x\0\0/");
    entry->pw_uid = uid;
    entry->pw_gid = uid;
    return NSS_STATUS_SUCCESS;
}

enum nss_status NAMED(SERVICE, getpwnam_r)(const char *name, struct passwd *entry, char *texts, size_t size, int *error) {
    return NSS_STATUS_NOTFOUND;
}

enum nss_status NAMED(SERVICE, initgroups_dyn)(const char *user, gid_t group, long *start, long *size, gid_t **groups, long limit, int *error) {
    if (strcmp(user, USER) == 0)
        hang();
    return NSS_STATUS_NOTFOUND;
}
