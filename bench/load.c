/* The load: many watchers in one thread, that cost next to nothing beside the server that they measure.
 *
 *     load PORT SPEECH WATCHERS EVENTS AT_ONCE READY PATH
 *
 * connects WATCHERS clients to 127.0.0.1:PORT, at most AT_ONCE at a time, each to PATH, in which %d stands for its
 * number, from 1. SPEECH is websocket, socketio or sse. A watcher is ready when its connection is "open", or when its "first"
 * message has come. Then it prints
 *
 *     ready NANOSECONDS                 from the first connect until the last watcher was ready
 *
 * and does what it reads on its standard input:
 *
 *     seen FIRST COUNT BY               answers "seen", when as many watchers have seen each of the marks FIRST to
 *                                       FIRST+COUNT-1
 *     write FILE                        answers "written": the times, as WATCHERS rows of EVENTS unsigned 64-bit
 *                                       nanoseconds of CLOCK_MONOTONIC, 0 where the mark was not seen
 *     count                             answers "count MESSAGES BYTES DISORDERED LOST": messages and bytes that came,
 *                                       marks that came after a later one, connections that have ended
 *
 * A mark is ~~ and seven digits, the number of an event. It ends when its standard input does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 4 << 20, TAIL = 16, SMALL = 125 };
enum speech { WEBSOCKET, SOCKETIO, SSE };
enum state { IDLE, HANDSHAKE, OPEN, READY, ENDED };

struct watcher {
	int socket;
	enum state state;
	uint32_t last; /* the newest mark that it has seen, and 1 */
	uint32_t kept; /* bytes of a message of which the rest is still to come */
	char *rest;
};

static int port, watchers, events, at_once, ready_when_open;
static enum speech speech;
static const char *path;

static struct watcher *all;
static uint64_t *times;    /* watchers rows of events */
static uint32_t *seen_by;  /* how many watchers have seen each event */
static char room[ROOM + TAIL];
static int poll_fd, connected, ready, lost;
static uint64_t began, messages, bytes, disordered;
static uint32_t wanted_first, wanted_count, wanted_by;

static uint64_t now(void) {
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void fail(const char *what) {
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *line) {
	puts(line);
	fflush(stdout);
}

static void answer_if_seen(void) {
	if (!wanted_count) return;
	for (uint32_t event = wanted_first; event < wanted_first + wanted_count; event++)
		if (seen_by[event] < wanted_by) return;
	wanted_count = 0;
	say("seen");
}

/* Note the marks in these bytes. */
static void scan(struct watcher *watcher, const char *text, size_t size, uint64_t at) {
	const char *end = text + size, *tilde = text;
	uint64_t *row = times + (size_t)(watcher - all) * (size_t)events;
	while (end - tilde >= 9 && (tilde = memchr(tilde, '~', (size_t)(end - tilde) - 8))) {
		uint32_t mark = 0;
		int digit = 2;
		if (tilde[1] == '~')
			for (; digit < 9 && tilde[digit] >= '0' && tilde[digit] <= '9'; digit++)
				mark = mark * 10 + (uint32_t)(tilde[digit] - '0');
		tilde++;
		if (digit < 9 || mark >= (uint32_t)events || row[mark]) continue;
		row[mark] = at;
		seen_by[mark]++;
		disordered += mark + 1 < watcher->last;
		if (mark + 1 > watcher->last) watcher->last = mark + 1;
		tilde += 8;
	}
}

static void end(struct watcher *watcher) {
	if (watcher->state < READY) {
		fprintf(stderr, "load: watcher %d was refused\n", (int)(watcher - all));
		exit(1);
	}
	close(watcher->socket);
	watcher->state = ENDED;
	lost++;
}

static void put(struct watcher *watcher, const void *what, size_t size) {
	if (send(watcher->socket, what, size, MSG_NOSIGNAL) != (ssize_t)size) end(watcher);
}

/* Send a short frame, masked with zeros, as a client's has to be masked. */
static void put_frame(struct watcher *watcher, int opcode, const char *text, size_t size) {
	char frame[6 + SMALL] = {(char)(0x80 | opcode), (char)(0x80 | size)};
	if (size > SMALL) return;
	memcpy(frame + 6, text, size);
	put(watcher, frame, 6 + size);
}

static void be_ready(struct watcher *watcher) {
	if (watcher->state == READY) return;
	watcher->state = READY;
	if (++ready == watchers) {
		printf("ready %llu\n", (unsigned long long)(now() - began));
		fflush(stdout);
	}
}

static void take_message(struct watcher *watcher, int opcode, const char *text, size_t size, uint64_t at) {
	if (opcode == 8) {
		if (size >= 2) fprintf(stderr, "load: closed with %d\n", (unsigned char)text[0] << 8 | (unsigned char)text[1]);
		end(watcher);
	} else if (opcode == 9) {
		put_frame(watcher, 10, text, size);
	} else if (opcode <= 2) {
		messages++;
		if (speech == SOCKETIO && size && text[0] == '0') { /* the transport is open: join */
			put_frame(watcher, 1, "40", 2);
		} else if (speech == SOCKETIO && size && text[0] == '2') { /* ping */
			put_frame(watcher, 1, "3", 1);
		} else {
			be_ready(watcher);
			scan(watcher, text, size, at);
		}
	}
}

/* Take the whole frames out of these bytes; return how many bytes that were. */
static size_t take_frames(struct watcher *watcher, const char *text, size_t size, uint64_t at) {
	size_t taken = 0;
	while (size - taken >= 2 && watcher->state != ENDED) {
		const unsigned char *head = (const unsigned char *)text + taken;
		size_t length = head[1] & 0x7f, begin = 2;
		if (length == 126) {
			if (size - taken < 4) break;
			length = (size_t)head[2] << 8 | head[3];
			begin = 4;
		} else if (length == 127) {
			if (size - taken < 10) break;
			length = 0;
			for (int byte = 2; byte < 10; byte++) length = length << 8 | head[byte];
			begin = 10;
		}
		if (size - taken < begin + length) break;
		take_message(watcher, head[0] & 0x0f, text + taken + begin, length, at);
		taken += begin + length;
	}
	return taken;
}

static size_t take_response(struct watcher *watcher, const char *text, size_t size) {
	const char *blank = memmem(text, size, "\r\n\r\n", 4);
	if (!blank) return 0;
	const char *wanted = speech == SSE ? "HTTP/1.1 200" : "HTTP/1.1 101";
	if (strncmp(text, wanted, strlen(wanted))) {
		fprintf(stderr, "load: answered %.40s\n", text);
		exit(1);
	}
	watcher->state = OPEN;
	connected++;
	if (ready_when_open && speech != SOCKETIO) be_ready(watcher);
	return (size_t)(blank - text) + 4;
}

static size_t take(struct watcher *watcher, const char *text, size_t size, uint64_t at) {
	size_t taken = 0;
	if (watcher->state == HANDSHAKE && !(taken = take_response(watcher, text, size))) return 0;
	if (speech != SSE) return taken + take_frames(watcher, text + taken, size - taken, at);
	if (size > taken) {
		be_ready(watcher);
		messages++;
		scan(watcher, text + taken, size - taken, at);
	}
	/* A mark may be cut in two by the end of what has come so far. */
	return size - taken > 8 ? size - 8 : taken;
}

static void keep(struct watcher *watcher, const char *rest, size_t size) {
	watcher->kept = (uint32_t)size;
	if (!size) return;
	watcher->rest = realloc(watcher->rest, size);
	if (!watcher->rest) fail("memory");
	memcpy(watcher->rest, rest, size);
}

static void hear(struct watcher *watcher) {
	size_t kept = watcher->kept;
	if (kept) memcpy(room, watcher->rest, kept);
	ssize_t got = recv(watcher->socket, room + kept, ROOM - kept, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (got <= 0) {
		end(watcher);
		return;
	}
	bytes += (uint64_t)got;
	size_t size = kept + (size_t)got;
	room[size] = 0;
	size_t taken = take(watcher, room, size, now());
	if (size - taken >= ROOM) fail("a message that is too large");
	if (watcher->state != ENDED) keep(watcher, room + taken, size - taken);
}

static void ask(struct watcher *watcher) {
	char number[16] = "", request[4096];
	const char *rest = strstr(path, "%d");
	int until = (int)(rest ? rest - path : (long)strlen(path));
	if (rest) snprintf(number, sizeof number, "%d", (int)(watcher - all) + 1);
	int size = snprintf(request, sizeof request, "GET %.*s%s%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", until, path,
		number, rest ? rest + 2 : "",
		speech == SSE ? "Accept: text/event-stream\r\n"
			      : "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
	watcher->state = HANDSHAKE;
	put(watcher, request, (size_t)size);
}

static void start(struct watcher *watcher) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT, .data.ptr = watcher};
	int yes = 1;
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	watcher->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (watcher->socket < 0) fail("socket");
	setsockopt(watcher->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(watcher->socket, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, watcher->socket, &interest)) fail("epoll_ctl");
}

static void heed(struct watcher *watcher, uint32_t what) {
	if (watcher->state == IDLE && what & EPOLLOUT) {
		struct epoll_event interest = {.events = EPOLLIN, .data.ptr = watcher};
		int error = 0;
		socklen_t size = sizeof error;
		getsockopt(watcher->socket, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error) {
			errno = error;
			fail("connect");
		}
		epoll_ctl(poll_fd, EPOLL_CTL_MOD, watcher->socket, &interest);
		ask(watcher);
	} else if (what & (EPOLLIN | EPOLLHUP | EPOLLERR) && watcher->state != ENDED) {
		hear(watcher);
	}
}

static void write_times(const char *file) {
	FILE *out = fopen(file, "wb");
	size_t count = (size_t)watchers * (size_t)events;
	if (!out || fwrite(times, sizeof *times, count, out) != count || fclose(out)) fail(file);
	say("written");
}

static void obey(void) {
	static char line[4096];
	static size_t held;
	ssize_t got = read(0, line + held, sizeof line - held - 1);
	if (got <= 0) exit(0);
	held += (size_t)got;
	line[held] = 0;
	for (char *stop; (stop = strchr(line, '\n'));) {
		char file[2048];
		*stop = 0;
		if (sscanf(line, "write %2047[^\n]", file) == 1)
			write_times(file);
		else if (sscanf(line, "seen %u %u %u", &wanted_first, &wanted_count, &wanted_by) == 3) {
			if ((uint64_t)wanted_first + wanted_count > (uint64_t)events) {
				fprintf(stderr, "load: no such events: %s\n", line);
				exit(1);
			}
		} else if (!strcmp(line, "count")) {
			printf("count %llu %llu %llu %d\n", (unsigned long long)messages, (unsigned long long)bytes,
				(unsigned long long)disordered, lost);
			fflush(stdout);
		} else {
			fprintf(stderr, "load: not understood: %s\n", line);
			exit(1);
		}
		held -= (size_t)(stop + 1 - line);
		memmove(line, stop + 1, held + 1);
	}
}

static void choose(char **arguments) {
	port = atoi(arguments[1]);
	speech = !strcmp(arguments[2], "sse") ? SSE : !strcmp(arguments[2], "socketio") ? SOCKETIO : WEBSOCKET;
	watchers = atoi(arguments[3]);
	events = atoi(arguments[4]);
	at_once = atoi(arguments[5]);
	ready_when_open = !strcmp(arguments[6], "open");
	path = arguments[7];
}

int main(int count, char **arguments) {
	if (count != 8) {
		fprintf(stderr, "usage: load PORT websocket|socketio|sse WATCHERS EVENTS AT_ONCE open|first PATH\n");
		return 2;
	}
	choose(arguments);
	all = calloc((size_t)watchers, sizeof *all);
	times = calloc((size_t)watchers * (size_t)events + 1, sizeof *times);
	seen_by = calloc((size_t)events + 1, sizeof *seen_by);
	poll_fd = epoll_create1(0);
	if (!all || !times || !seen_by || poll_fd < 0) fail("start");
	struct epoll_event own_input = {.events = EPOLLIN, .data.ptr = NULL}, happened[1024];
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &own_input);
	began = now();
	for (int started = 0;;) {
		while (started < watchers && started - ready < at_once) start(&all[started++]);
		int number = epoll_wait(poll_fd, happened, 1024, -1);
		for (int index = 0; index < number; index++) {
			if (happened[index].data.ptr)
				heed(happened[index].data.ptr, happened[index].events);
			else
				obey();
		}
		answer_if_seen();
	}
}
