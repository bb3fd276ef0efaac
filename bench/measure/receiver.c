// A web server with as little work of its own as possible. What a path's first word says is done: /hang/... is never answered,
// /flaky/... gets 500 every tenth time, anything else 204. With the argument "close" each connection is closed as it comes.
// Prints its port; after SIGTERM it writes one line a request to FILE: nanoseconds, path, status, webhook-id, job, sequence.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 65536, CONNECTIONS = 4096 };
static struct connection { char *bytes; int used; long long first; } open_connections[CONNECTIONS];
static FILE *output;
static volatile sig_atomic_t stopping;

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void stop(int number) { (void)number; stopping = 1; }

static long number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    if (!at)
        return 0;
    at += strlen(name);
    return strtol(at + (*at == '"'), NULL, 10);
}

static void forget(int fd)
{
    free(open_connections[fd].bytes);
    open_connections[fd].bytes = NULL;
    close(fd);
}

// Answers what is whole in the buffer, and keeps the rest.
static void answer(int fd, struct connection *c)
{
    static unsigned count;
    for (char *end; (end = memmem(c->bytes, c->used, "\r\n\r\n", 4)) != NULL;) {
        *end = 0;
        const char *length = strcasestr(c->bytes, "\r\nContent-Length: ");
        int whole = (int)(end + 4 - c->bytes) + (length ? atoi(length + 18) : 0);
        if (c->used < whole) {
            *end = '\r';
            return;
        }
        char path[64] = "", id[64] = "";
        sscanf(c->bytes, "%*s %63s", path);
        const char *header = strcasestr(c->bytes, "\r\nwebhook-id: ");
        if (header)
            sscanf(header + 14, "%63s", id);
        char last = c->bytes[whole];
        c->bytes[whole] = 0;
        long job = number_after(end + 4, "\"job\":{\"id\":"), sequence = number_after(end + 4, "\"sequence\":");
        c->bytes[whole] = last;
        int status = strncmp(path, "/hang", 5) == 0 ? 0 : strncmp(path, "/flaky", 6) == 0 && ++count % 10 == 0 ? 500 : 204;
        fprintf(output, "%lld %s %d %s %ld %ld\n", c->first, path, status, *id ? id : "-", job, sequence);
        const char *words = status == 204 ? "HTTP/1.1 204 No Content\r\n\r\n" : "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
        if (status != 0 && write(fd, words, strlen(words)) < 0)
            return;
        memmove(c->bytes, c->bytes + whole, c->used -= whole);
        c->first = now();
    }
}

int main(int count, char **arguments)
{
    int closes = count > 2 && strcmp(arguments[2], "close") == 0;
    output = fopen(arguments[1], "w");
    setvbuf(output, NULL, _IOFBF, 1 << 20);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, poll = epoll_create1(0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024) || getsockname(listener, (struct sockaddr *)&address, &size))
        return 1;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){ .events = EPOLLIN, .data.fd = listener });
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (!stopping) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                if ((fd = accept(listener, NULL, NULL)) < 0)
                    continue;
                if (closes || fd >= CONNECTIONS) {
                    fprintf(output, "%lld / 0 - 0 0\n", now());
                    close(fd);
                    continue;
                }
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                open_connections[fd] = (struct connection){ .bytes = malloc(SIZE + 1) };
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
                continue;
            }
            struct connection *c = &open_connections[fd];
            long long arrived = now();
            int got = (int)read(fd, c->bytes + c->used, SIZE - c->used);
            if (got <= 0) {
                forget(fd);
                continue;
            }
            if (c->used == 0)
                c->first = arrived;
            c->used += got;
            answer(fd, c);
        }
    }
    return fclose(output) != 0;
}
