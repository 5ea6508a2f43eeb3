/*
 * ini_test.c - INI files as the command lines of AWS and Oracle write and read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/ini.h"

static const char text[] = "; of nobody\n"
                           "stray = 1\n"
                           "[default]\r\n"
                           "region = eu-west-1\r\n"
                           "# a comment\n"
                           "Aws_Access_Key_Id=AKIA=/+=\n"
                           "s3 =\n"
                           "    region = nested\n"
                           "    other = nested\n"
                           "after = s3\n"
                           "empty =\n"
                           "[ profile one ]\n"
                           "  role_arn = arn:1\n"
                           "  source_profile = default\n"
                           "no equals sign\n"
                           "[profile \"two words\"]\n"
                           "x=1\n"
                           "x = 2\n"
                           "[profile one]\n"
                           "x = again\n"
                           "[broken\n"
                           "y = 3";

static void values_are_found(void **state)
{
    static const char *const rows[][3] = {
        {"default", "region", "eu-west-1"},
        {"default", "aws_access_key_id", "AKIA=/+="},
        {"default", "after", "s3"},
        {"default", "empty", ""},
        {"default", "other", NULL},
        {"default", "stray", NULL},
        {"profile one", "role_arn", "arn:1"},
        {"profile one", "source_profile", "default"},
        {"profile one", "x", "again"},
        {"profile one", "y", "3"},
        {"profile two words", "x", "2"},
        {"one", "role_arn", NULL},
        {"", "stray", NULL},
        {"none", "x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_slice v =
            lx_ini_get(lx_slice_z(text), lx_slice_z(rows[i][0]), lx_slice_z(rows[i][1]));
        if (!rows[i][2])
            assert_null(v.p);
        else
            assert_true(v.p && lx_slice_eq(v, lx_slice_z(rows[i][2])));
    }
}

static void sections_are_found(void **state)
{
    (void)state;
    assert_true(lx_ini_has(lx_slice_z(text), LX_S("default")));
    assert_true(lx_ini_has(lx_slice_z(text), LX_S("profile one")));
    assert_true(lx_ini_has(lx_slice_z(text), LX_S("profile two words")));
    assert_false(lx_ini_has(lx_slice_z(text), LX_S("broken")));
    assert_false(lx_ini_has(lx_slice_z(text), LX_S("profile")));
    assert_false(lx_ini_has(lx_slice(NULL, 0), LX_S("default")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(sections_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
