/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serial-port.h"

#include "interrupts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static void read_counters(int fd, unsigned long long *tx, unsigned long long *rx)
{
	struct serial_icounter_struct counters = { 0 };

	(void)ioctl(fd, TIOCGICOUNT, &counters);
	*tx = (unsigned long long)counters.tx;
	*rx = (unsigned long long)counters.rx;
}

int guest_serial_port_open(const char *name, int irq, struct guest_serial_port *out)
{
	char path[32];
	struct termios termios;
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/dev/%.20s", name);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &termios) < 0)
		rc = -errno;
	cfmakeraw(&termios);
	cfsetspeed(&termios, B115200);
	termios.c_cflag |= CLOCAL | CREAD;
	termios.c_cflag &= ~(tcflag_t)CRTSCTS;
	if (rc == 0 && (tcsetattr(fd, TCSANOW, &termios) < 0 || tcflush(fd, TCIOFLUSH) < 0))
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	out->fd = fd;
	out->irq = irq;
	out->interrupts = guest_interrupts_sum(irq);
	read_counters(fd, &out->tx, &out->rx);
	return 0;
}

int guest_serial_port_exchange(struct guest_serial_port *port, const void *sent, void *received,
			       size_t len, int timeout_ms)
{
	size_t got = 0;
	ssize_t n = write(port->fd, sent, len);

	if (n != (ssize_t)len)
		return n < 0 ? -errno : -EAGAIN;
	while (got < len) {
		struct pollfd in = { .fd = port->fd, .events = POLLIN };
		int ready = poll(&in, 1, timeout_ms);

		if (ready <= 0)
			return ready ? -errno : -ETIMEDOUT;
		n = read(port->fd, (char *)received + got, len - got);
		if (n <= 0)
			return n ? -errno : -EIO;
		got += (size_t)n;
	}
	return 0;
}

void guest_serial_port_close(struct guest_serial_port *port, struct guest_serial_tally *tally)
{
	unsigned long long tx, rx;

	read_counters(port->fd, &tx, &rx);
	tally->tx = tx - port->tx;
	tally->rx = rx - port->rx;
	/* closing gives the interrupt back, and its line goes with it */
	tally->interrupts = guest_interrupts_sum(port->irq) - port->interrupts;
	close(port->fd);
}
