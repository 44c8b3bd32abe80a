/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <qemu-tests/harness.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <vgpulab/cleanup.h>

/* A piece of work that takes a core of 3 GHz 60 ms, and what may at most be made of a slow one. */
enum { WORK_ROUNDS = 30000000, WORK_MS = 60, PATIENCE_MAX = 20, NESTED = 8 };

/* "TCGT", "CGTC", "GTCG" */
enum { TCG_B = 0x54474354, TCG_C = 0x43544743, TCG_D = 0x47435447 };

static volatile sig_atomic_t interrupted;
static double patience = 1;

static void on_signal(int signal_number)
{
	interrupted = signal_number;
}

void qt_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	/* without SA_RESTART: whatever waits shall wake up */
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(signals); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int qt_caught_signal(void)
{
	return interrupted;
}

bool qt_interrupted(void)
{
	return interrupted;
}

int64_t qt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

unsigned int qt_cores(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned int)CPU_COUNT(&cpus);
}

int qt_left_to_clean_up_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - qt_now_ms();

	if (left < 0)
		return 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

int qt_left_ms(int64_t deadline_ms)
{
	return interrupted ? 0 : qt_left_to_clean_up_ms(deadline_ms);
}

/*
 * A processor that QEMU emulates runs a loop fast, once that is translated; but a guest's guest is all
 * new code, translated twice. Source: target/i386/cpu.c, TCG's signature in leaf 0x40000000
 */
static double emulation_factor(void)
{
#ifdef __x86_64__
	unsigned int a, b, c, d;

	__cpuid(0x40000000, a, b, c, d);
	if (b == TCG_B && c == TCG_C && d == TCG_D)
		return NESTED;
#endif
	return 1;
}

void qt_patience_measure(unsigned int jobs)
{
	int64_t start_ms = qt_now_ms();
	volatile uint64_t sink;
	uint64_t x = 88172645463325252ull;
	unsigned int cores = qt_cores();

	/* each step needs the one before: Marsaglia's xorshift */
	for (int i = 0; i < WORK_ROUNDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	sink = x;
	(void)sink;
	patience = (double)(qt_now_ms() - start_ms) / WORK_MS;
	if (jobs > cores)
		patience *= (double)jobs / cores;
	patience *= emulation_factor();
	patience = patience < 1 ? 1 : patience > PATIENCE_MAX ? PATIENCE_MAX : patience;
}

void qt_patience_set(double factor)
{
	patience = factor;
}

double qt_patience(void)
{
	return patience;
}

int64_t qt_deadline_ms(int64_t span_ms)
{
	return qt_now_ms() + (int64_t)((double)span_ms * patience);
}
