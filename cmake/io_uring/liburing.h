// Stands before liburing's own header where Asio includes it. Asio of Boost 1.81 counts on a new
// entry's user_data being 0, which liburing 2.2 and later leave as the entry's last use had it. The
// answer to a cancellation would then be taken for that of another operation, or spoil Asio's queue.
#pragma once

#include_next <liburing.h>

static inline struct io_uring_sqe* websock_get_clean_sqe(struct io_uring* ring) {
    struct io_uring_sqe* const entry = io_uring_get_sqe(ring);
    if (entry) {
        io_uring_sqe_set_data(entry, 0);
    }
    return entry;
}
#define io_uring_get_sqe websock_get_clean_sqe
