/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Round trips with another process, which sends back what it gets until its end of the channel closes. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define BYTES_MAX 4096u

/* The two ends of a channel: what is written to `out` comes back on `in`. */
struct channel {
    int in, out;
    int peer_in, peer_out;
    size_t bytes;
    int carried; /* the descriptor that each message carries, or -1 */
};

static char data[BYTES_MAX];

static void round_trip(void *argument)
{
    const struct channel *channel = argument;
    long bytes = (long)channel->bytes;
    must(call3(SYS_write, channel->out, (long)data, bytes) == bytes, "write", bytes);
    must(call3(SYS_read, channel->in, (long)data, bytes) == bytes, "read", bytes);
}

static void echo(void *argument)
{
    const struct channel *channel = argument;
    long bytes = (long)channel->bytes;
    close(channel->in);
    close(channel->out);
    while (call3(SYS_read, channel->peer_in, (long)data, bytes) == bytes)
        if (call3(SYS_write, channel->peer_out, (long)data, bytes) != bytes)
            return;
}

static void measure(const char *kind, struct channel *channel, bench_fn *one, bench_fn *peer)
{
    char name[48];
    snprintf(name, sizeof name, "%s_rt_%zu", kind, channel->bytes);
    int child = bench_child(peer, channel);
    close(channel->peer_in);
    if (channel->peer_out != channel->peer_in)
        close(channel->peer_out);
    bench_row(name, one, channel, 1);
    close(channel->out);
    if (channel->in != channel->out)
        close(channel->in);
    waitpid(child, NULL, 0);
}

static void pipes(size_t bytes)
{
    int there[2], back[2];
    must(pipe(there) == 0 && pipe(back) == 0, "pipe", -errno);
    struct channel channel = { .in = back[0], .out = there[1], .peer_in = there[0], .peer_out = back[1], .bytes = bytes };
    measure("pipe", &channel, round_trip, echo);
}

static void sockets(const char *kind, int type, size_t bytes)
{
    int ends[2];
    must(socketpair(AF_UNIX, type, 0, ends) == 0, "socketpair", -errno);
    struct channel channel = { .in = ends[0], .out = ends[0], .peer_in = ends[1], .peer_out = ends[1], .bytes = bytes };
    measure(kind, &channel, round_trip, echo);
}

static void echo_events(void *argument)
{
    const struct channel *channel = argument;
    uint64_t count = 0;
    while (call3(SYS_read, channel->peer_in, (long)&count, sizeof count) == sizeof count && count == 1)
        call3(SYS_write, channel->peer_out, (long)&count, sizeof count);
}

static void round_trip_of_events(void *argument)
{
    const struct channel *channel = argument;
    uint64_t count = 1;
    call3(SYS_write, channel->out, (long)&count, sizeof count);
    must(call3(SYS_read, channel->in, (long)&count, sizeof count) == sizeof count, "eventfd", 0);
}

static void events(void)
{
    int there = eventfd(0, 0), back = eventfd(0, 0);
    uint64_t end = 2;
    struct channel channel = { .in = back, .out = there, .peer_in = there, .peer_out = back };
    int child = bench_child(echo_events, &channel);
    bench_row("eventfd_rt", round_trip_of_events, &channel, 1);
    must(write(there, &end, sizeof end) == sizeof end, "end of the eventfd peer", 0);
    waitpid(child, NULL, 0);
    close(there);
    close(back);
}

/* A message of `bytes` bytes with a descriptor (-1: none) in it. */
static void send_descriptor(int socket_fd, int carried, size_t bytes)
{
    struct iovec part = { .iov_base = data, .iov_len = bytes };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (carried >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &carried, sizeof carried);
    }
    long sent = call3(SYS_sendmsg, socket_fd, (long)&message, 0);
    must(sent == (long)bytes, "sendmsg", sent);
}

/* The descriptor that came, -1 for none, -2 at the end of the channel. */
static int receive_descriptor(int socket_fd, size_t bytes)
{
    struct iovec part = { .iov_base = data, .iov_len = bytes };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    int carried = -1;
    if (call3(SYS_recvmsg, socket_fd, (long)&message, 0) != (long)bytes)
        return -2;
    if (message.msg_controllen >= CMSG_LEN(sizeof(int)))
        memcpy(&carried, CMSG_DATA(&control.header), sizeof carried);
    return carried;
}

/* Answers each message, with the descriptor that came or without it, and closes that. */
static void answer_messages(const struct channel *channel, int give_back)
{
    close(channel->in);
    for (;;) {
        int carried = receive_descriptor(channel->peer_in, channel->bytes);
        if (carried == -2)
            return;
        send_descriptor(channel->peer_out, give_back ? carried : -1, channel->bytes);
        call3(SYS_close, carried, 0, 0);
    }
}

static void drop_descriptors(void *argument)
{
    answer_messages(argument, 0);
}

static void return_descriptors(void *argument)
{
    answer_messages(argument, 1);
}

static void pass_descriptor(void *argument)
{
    const struct channel *channel = argument;
    send_descriptor(channel->out, channel->carried, channel->bytes);
    must(receive_descriptor(channel->in, channel->bytes) == -1, "answer without a descriptor", 0);
}

/* Our own descriptor goes with the message, and the one that comes back takes its place. */
static void move_descriptor(void *argument)
{
    struct channel *channel = argument;
    send_descriptor(channel->out, channel->carried, channel->bytes);
    call3(SYS_close, channel->carried, 0, 0);
    channel->carried = receive_descriptor(channel->in, channel->bytes);
    must(channel->carried >= 0, "answer with a descriptor", channel->carried);
}

static void descriptors(const char *kind, bench_fn *one, bench_fn *peer)
{
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "socketpair", -errno);
    struct channel channel = { .in = ends[0], .out = ends[0], .peer_in = ends[1], .peer_out = ends[1], .bytes = 64,
                               .carried = eventfd(0, 0) };
    measure(kind, &channel, one, peer);
    close(channel.carried);
}

void bench_channels(void)
{
    static const size_t sizes[] = { 1, 64, 960, 4096 };
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pipes(sizes[i]);
        sockets("stream", SOCK_STREAM, sizes[i]);
        sockets("seqpacket", SOCK_SEQPACKET, sizes[i]);
    }
    events();
    descriptors("seqpacket_fd", pass_descriptor, drop_descriptors);
    descriptors("seqpacket_fd_back", move_descriptor, return_descriptors);
}
