/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a file says of a host, and the host that is made of it.
 */

#include <errno.h>
#include <fakesysfs/host.h>
#include <fakesysfs/journal.h>
#include <fakesysfs/tree.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host-fixture.h"

/* A host of one parent that is followed; the file outlives it. */
struct followed {
	struct fake_journal *journal;
	struct fake_host *host;
	struct fake_tree *tree;
};

static struct {
	char dir[64], path[80];
} place;

static int make_place(void **state)
{
	(void)state;
	snprintf(place.dir, sizeof(place.dir), "/tmp/test-journal-XXXXXX");
	assert_non_null(mkdtemp(place.dir));
	snprintf(place.path, sizeof(place.path), "%s/state", place.dir);
	return 0;
}

static int remove_place(void **state)
{
	(void)state;
	unlink(place.path);
	return rmdir(place.dir);
}

/* 0, or the negative errno that the file gives. */
static int begin(struct followed *followed, const char *parent, struct vgpu_error *err)
{
	followed->host = host_with(parent);
	followed->journal = fake_journal_open(place.path, fake_host_kernel(followed->host), &parent,
					      1, NULL, NULL, err);
	if (!followed->journal)
		return -err->errnum;
	fake_journal_follow(followed->journal, followed->host);
	followed->tree = fake_tree_create(followed->host);
	assert_non_null(followed->tree);
	return fake_journal_restore(followed->journal, followed->host, followed->tree, true, err);
}

static void end(struct followed *followed)
{
	fake_tree_destroy(followed->tree);
	fake_host_destroy(followed->host);
	fake_journal_destroy(followed->journal);
	*followed = (struct followed){ 0 };
}

static void append_to_file(const char *bytes, size_t len)
{
	int fd = open(place.path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void assert_same_vgpu(const struct fake_vgpu_info *a, const struct fake_vgpu_info *b)
{
	assert_string_equal(a->uuid.text, b->uuid.text);
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->gpu, b->gpu);
	assert_ptr_equal(a->type, b->type);
	assert_int_equal(a->aperture_mib, b->aperture_mib);
	assert_int_equal(a->ggtt_mib, b->ggtt_mib);
	assert_int_equal(a->scanout, b->scanout);
	assert_int_equal(a->mappable, b->mappable);
	assert_int_equal(a->output, b->output);
	assert_int_equal(a->vgpu_id, b->vgpu_id);
	assert_int_equal(a->iommu_group, b->iommu_group);
	assert_int_equal(a->vfio_dev, b->vfio_dev);
	assert_int_equal(a->aperture_offset_mib, b->aperture_offset_mib);
	assert_int_equal(a->high_gm_offset_mib, b->high_gm_offset_mib);
	assert_int_equal(a->bound, b->bound);
}

static void a_vgpu_comes_back_with_all_that_it_was(void **state)
{
	const char *parent = "skylake,aperture=512M,ggtt=2G,scanout=torn,mappable=yes,output=dp";
	struct fake_vgpu_info second, third, again;
	struct vgpu_error err = { 0 };
	struct followed followed = { 0 };
	struct vgpu_uuid uuid = uuid_of(2);

	(void)state;
	assert_int_equal(begin(&followed, parent, &err), 0);
	for (unsigned int n = 0; n < 3; n++)
		assert_int_equal(create(followed.host, V8, n), 0);
	assert_int_equal(remove_now(followed.host, 0), 0);
	assert_int_equal(fake_host_unbind_vgpu(followed.host, &uuid, NULL, NULL), 0);
	second = find(followed.host, 1);
	third = find(followed.host, 2);
	end(&followed);

	assert_int_equal(begin(&followed, parent, &err), 0);
	assert_int_equal(fake_host_list_vgpus(followed.host, SIZE_MAX, NULL, 0), 2);
	again = find(followed.host, 1);
	assert_same_vgpu(&second, &again);
	again = find(followed.host, 2);
	assert_same_vgpu(&third, &again);
	assert_int_equal(fake_host_find_vfio_dev(followed.host, second.vfio_dev, &again), 0);
	assert_string_equal(again.uuid.text, uuid_of(1).text);
	end(&followed);
}

/* All vGPUs of the card have one size: that of those which are there again counts, too. */
static void a_card_of_one_size_keeps_to_it(void **state)
{
	enum { P4_1Q, P4_2Q };
	struct vgpu_error err = { 0 };
	struct followed followed = { 0 };

	(void)state;
	assert_int_equal(begin(&followed, "tesla-p4", &err), 0);
	assert_int_equal(create(followed.host, P4_1Q, 0), 0);
	assert_int_equal(fake_host_available(followed.host, 0, P4_2Q), 0);
	end(&followed);

	assert_int_equal(begin(&followed, "tesla-p4", &err), 0);
	assert_int_equal(fake_host_available(followed.host, 0, P4_1Q), 7);
	assert_int_equal(fake_host_available(followed.host, 0, P4_2Q), 0);
	assert_int_equal(create(followed.host, P4_2Q, 1), -ENOSPC);
	end(&followed);
}

static void a_last_line_that_is_not_whole_counts_as_not_written(void **state)
{
	static const char torn[] = "removed for=0 serial=1 *0123";
	struct vgpu_error err = { 0 };
	struct followed followed = { 0 };

	(void)state;
	assert_int_equal(begin(&followed, "mtty", &err), 0);
	assert_int_equal(create(followed.host, 0, 0), 0);
	end(&followed);
	append_to_file(torn, sizeof(torn) - 1);
	for (int times = 0; times < 2; times++) {
		assert_int_equal(begin(&followed, "mtty", &err), 0);
		assert_int_equal(fake_host_list_vgpus(followed.host, SIZE_MAX, NULL, 0), 1);
		end(&followed);
	}
}

/* A machine that went down may leave zeros: what follows them must not be lost without a word. */
static void zeros_amid_lines_are_damage(void **state)
{
	static const char zeros[16];
	struct vgpu_error err = { 0 };
	struct followed followed = { 0 };

	(void)state;
	assert_int_equal(begin(&followed, "mtty", &err), 0);
	assert_int_equal(create(followed.host, 0, 0), 0);
	append_to_file(zeros, sizeof(zeros));
	assert_int_equal(create(followed.host, 0, 1), 0);
	end(&followed);
	assert_int_equal(begin(&followed, "mtty", &err), -EINVAL);
	assert_non_null(strstr(err.message, "damaged: line 5"));
	end(&followed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_vgpu_comes_back_with_all_that_it_was, make_place,
						remove_place),
		cmocka_unit_test_setup_teardown(a_card_of_one_size_keeps_to_it, make_place,
						remove_place),
		cmocka_unit_test_setup_teardown(a_last_line_that_is_not_whole_counts_as_not_written,
						make_place, remove_place),
		cmocka_unit_test_setup_teardown(zeros_amid_lines_are_damage, make_place,
						remove_place),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
