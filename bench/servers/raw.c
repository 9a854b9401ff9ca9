/* raw_asyncio.py in C: makes one websocket frame of each line from the poster, and sends it to every watcher.
 *
 *     raw PORT POSTING_PORT
 *
 * It has one thread with epoll. Bytes that a watcher's socket doesn't accept are buffered until it is writable again.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { LISTENING, LISTENING_FOR_POSTER, REQUESTING, WATCHING, POSTING };

struct peer {
    int fd;
    enum kind kind;
    char *in;             /* the beginning of a request or of a line */
    size_t in_length, in_size;
    char *out;            /* bytes that wait to be sent: [out_sent, out_length) */
    size_t out_sent, out_length, out_size;
    size_t index;         /* in `watchers` */
};

static int epoll;
static struct peer **watchers;
static size_t watching, capacity;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *resized(void *memory, size_t size) {
    memory = realloc(memory, size);
    if (!memory) fail("realloc");
    return memory;
}

static void append(char **buffer, size_t *length, size_t *size, const char *bytes, size_t count) {
    if (*length + count > *size) {
        *size = 2 * (*length + count);
        *buffer = resized(*buffer, *size);
    }
    memcpy(*buffer + *length, bytes, count);
    *length += count;
}

/* SHA-1 (RFC 3174), used only for the handshake. */
static uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void sha1(const unsigned char *text, size_t length, unsigned char digest[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char padded[256] = {0};
    size_t total = (length + 9 + 63) / 64 * 64;
    memcpy(padded, text, length);
    padded[length] = 0x80;
    for (int i = 0; i < 8; i++) padded[total - 1 - i] = (unsigned char)((uint64_t)length * 8 >> 8 * i);
    for (size_t block = 0; block < total; block += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            const unsigned char *p = padded + block + 4 * i;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f, k;
            if (i < 20) f = (b & c) | (~b & d), k = 0x5A827999;
            else if (i < 40) f = b ^ c ^ d, k = 0x6ED9EBA1;
            else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
            else f = b ^ c ^ d, k = 0xCA62C1D6;
            uint32_t next = rotated(a, 5) + f + e + k + w[i];
            e = d, d = c, c = rotated(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char *bytes, size_t count, char *text) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (i + 1 < count) three |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < count) three |= bytes[i + 2];
        *text++ = letters[three >> 18];
        *text++ = letters[three >> 12 & 63];
        *text++ = i + 1 < count ? letters[three >> 6 & 63] : '=';
        *text++ = i + 2 < count ? letters[three & 63] : '=';
    }
    *text = 0;
}

static void watch_for(struct peer *peer, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.ptr = peer};
    if (epoll_ctl(epoll, how, peer->fd, &event)) fail("epoll_ctl");
}

static void add(int fd, enum kind kind) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) fail("calloc");
    peer->fd = fd;
    peer->kind = kind;
    watch_for(peer, EPOLLIN, EPOLL_CTL_ADD);
}

static void end(struct peer *peer) {
    if (peer->kind == WATCHING) {
        watchers[peer->index] = watchers[--watching];
        watchers[peer->index]->index = peer->index;
    }
    close(peer->fd);
    free(peer->in);
    free(peer->out);
    free(peer);
}

/* Doesn't end a broken connection: publish() is looping over `watchers`. epoll reports it later. */
static void send_to(struct peer *peer, const char *bytes, size_t count) {
    if (!peer->out_length) {
        ssize_t sent = send(peer->fd, bytes, count, MSG_NOSIGNAL);
        if (sent == (ssize_t)count) return;
        if (sent > 0) bytes += sent, count -= (size_t)sent;
        watch_for(peer, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    append(&peer->out, &peer->out_length, &peer->out_size, bytes, count);
}

static int flush(struct peer *peer) {
    ssize_t sent = send(peer->fd, peer->out + peer->out_sent, peer->out_length - peer->out_sent, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    peer->out_sent += (size_t)sent;
    if (peer->out_sent == peer->out_length) {
        peer->out_sent = peer->out_length = 0;
        watch_for(peer, EPOLLIN, EPOLL_CTL_MOD);
    }
    return 1;
}

static void accept_from(struct peer *listening) {
    int fd, one = 1;
    while ((fd = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        add(fd, listening->kind == LISTENING ? REQUESTING : POSTING);
    }
}

static int answer(struct peer *peer) {
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, section 1.3 */
    char text[256], accepted[32];
    unsigned char digest[20], key[128];
    append(&peer->in, &peer->in_length, &peer->in_size, "", 1);
    peer->in_length--;
    if (!strstr(peer->in, "\r\n\r\n")) return peer->in_length < 8192;
    char *header = strcasestr(peer->in, "sec-websocket-key:");
    size_t length = 0;
    if (header) {
        header += strlen("sec-websocket-key:");
        header += strspn(header, " ");
        length = strcspn(header, " \r\n");
    }
    if (!length || length > 64) {
        static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        send(peer->fd, refusal, sizeof refusal - 1, MSG_NOSIGNAL);
        return 0;
    }
    memcpy(key, header, length);
    memcpy(key + length, magic, sizeof magic - 1);
    sha1(key, length + sizeof magic - 1, digest);
    base64(digest, sizeof digest, accepted);
    int count = snprintf(text, sizeof text,
                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: %s\r\n\r\n", accepted);
    if (watching == capacity) watchers = resized(watchers, (capacity = 2 * capacity + 64) * sizeof *watchers);
    peer->kind = WATCHING;
    peer->index = watching;
    watchers[watching++] = peer;
    send_to(peer, text, (size_t)count);
    return 1;
}

static void publish(const char *line, size_t length) {
    static char *frame;
    static size_t size;
    size_t head = length < 126 ? 2 : 4, count = 0;
    char header[4] = {(char)0x81, length < 126 ? (char)length : 126, (char)(length >> 8), (char)length};
    append(&frame, &count, &size, header, head);
    append(&frame, &count, &size, line, length);
    for (size_t i = 0; i < watching; i++) send_to(watchers[i], frame, count);
}

static void publish_lines(struct peer *peer) {
    char *line = peer->in, *rest = peer->in + peer->in_length, *end;
    while ((end = memchr(line, '\n', (size_t)(rest - line)))) {
        publish(line, (size_t)(end - line));
        line = end + 1;
    }
    peer->in_length = (size_t)(rest - line);
    memmove(peer->in, line, peer->in_length);
}

/* Returns whether the connection stays open. */
static int receive(struct peer *peer) {
    char bytes[65536];
    ssize_t count = recv(peer->fd, bytes, sizeof bytes, 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    if (peer->kind == WATCHING) return (bytes[0] & 15) != 8; /* a close frame; others are ignored */
    append(&peer->in, &peer->in_length, &peer->in_size, bytes, (size_t)count);
    if (peer->kind == REQUESTING) return answer(peer);
    publish_lines(peer);
    return 1;
}

static void listen_on(const char *port, enum kind kind) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) fail(port);
    add(fd, kind);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    epoll = epoll_create1(0);
    listen_on(arguments[2], LISTENING_FOR_POSTER);
    listen_on(arguments[1], LISTENING);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            struct peer *peer = events[i].data.ptr;
            if (peer->kind <= LISTENING_FOR_POSTER) {
                accept_from(peer);
                continue;
            }
            int stays_open = 1;
            if (events[i].events & EPOLLOUT && peer->out_length) stays_open = flush(peer);
            if (stays_open && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) stays_open = receive(peer);
            if (!stays_open) end(peer);
        }
    }
}
