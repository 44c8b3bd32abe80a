/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include "formats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void print_headline(FILE *f, const struct qt_verdict *verdict)
{
	struct qt_counts counts = qt_verdict_counts(verdict);
	char time[96];

	fprintf(f, "<header class=\"%s\">\n<h1><b>%s</b>",
		qt_report_class(qt_counts_outcome(&counts)), qt_counts_word(&counts));
	fprintf(f, "%u passed, %u failed, %u skipped", counts.passed, counts.failed,
		counts.skipped);
	if (counts.known)
		fprintf(f, ", %u failed as expected", counts.known);
	fputs("</h1>\n<p class=\"dim\">Display paths on ", f);
	qt_html_text(f, verdict->host);
	fprintf(f, " (tier %d); machine %s%s; %s; %s.", verdict->tier, verdict->machine,
		strcmp(verdict->through, "libvirt") ? "" : ", through libvirt", verdict->started,
		qt_verdict_time(verdict, time, sizeof(time)));
	if (*verdict->tamper) {
		fputs(" <b>Self-test</b>: the guest was told to draw ", f);
		qt_html_text(f, verdict->tamper);
		fputs(", so FAIL is right.", f);
	}
	fputs("</p>\n</header>\n", f);
}

/*
 * A radio button hides what it does not stand for, and is where the Tab key leads first; the links below
 * are all that ran, in its order. Only the search needs the script, and is not shown without.
 */
static void print_overview(FILE *f, const struct qt_verdict *verdict)
{
	struct qt_counts counts = qt_verdict_counts(verdict);
	const struct {
		const char *id, *label;
		size_t count;
	} filters[] = { { "all", "all", verdict->results_len },
			{ "fail", "failed", counts.failed + counts.known },
			{ "skip", "skipped", counts.skipped },
			{ "pass", "passed", counts.passed } };

	fputs("<nav>\n<form>", f);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(filters); i++)
		fprintf(f,
			"<label><input type=\"radio\" name=\"show\" id=\"show-%s\"%s> %s "
			"%zu</label>\n",
			filters[i].id, i ? "" : " checked", filters[i].label, filters[i].count);
	fputs("<input type=\"search\" id=\"find\" placeholder=\"search ( / )\" aria-label=\"search\" "
	      "hidden>\n</form>\n<p>",
	      f);
	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];
		char name[QT_RESULT_NAME_LEN];

		qt_result_name(result, name);
		fprintf(f, "<a class=\"%s\" href=\"#%s\">%s</a>\n",
			qt_report_class(result->outcome), name, name);
	}
	fputs("</p>\n</nav>\n", f);
}

static void print_page(FILE *f, const struct qt_verdict *verdict, int dir_fd)
{
	/* what went wrong is what the reader came for */
	static const enum qt_outcome order[] = { QT_FAILED, QT_SKIPPED, QT_PASSED };
	struct qt_counts counts = qt_verdict_counts(verdict);

	fprintf(f,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		"<title>%s: vgpulab display paths</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		qt_counts_word(&counts), qt_report_style);
	print_headline(f, verdict);
	if (verdict->results_len > 1)
		print_overview(f, verdict);
	fputs("<main>\n", f);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(order); i++)
		for (size_t j = 0; j < verdict->results_len; j++)
			if (verdict->results[j].outcome == order[i])
				qt_report_result(f, &verdict->results[j], dir_fd);
	fputs("</main>\n<footer>Guest kernel ", f);
	qt_html_text(f, verdict->kernel);
	fprintf(f, "</footer>\n<script>\n%s</script>\n</body>\n</html>\n", qt_report_script);
}

int qt_report_write(const struct qt_verdict *verdict, int dir_fd, struct vgpu_error *err)
{
	int fd = openat(dir_fd, "report.html", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool failed;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write report.html: %s",
				      strerror(errno));
	}
	print_page(f, verdict, dir_fd);
	failed = ferror(f);
	if (fclose(f) || failed)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write report.html: %s",
				      strerror(errno));
	return 0;
}
