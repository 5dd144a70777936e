/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include "helpers.h"

static struct credentials c;
static struct problems problems;

static int tear_down(void **state)
{
	credentials_clear(&c);
	problems_clear(&problems);
	return tree_tear_down(state);
}

static int load(const char *text)
{
	credentials_clear(&c);
	problems_clear(&problems);
	tree_write(&tree, "/kube/config", text);
	return credentials_of_kubeconfig(tree_path(&tree, "/kube/config"), &c, &problems);
}

static void assert_refused(const char *text, unsigned line, const char *words)
{
	assert_int_equal(load(text), -EINVAL);
	assert_int_equal(problems.errors, 1);
	assert_contains(problems.v[0].text, words);
	assert_int_equal(problems.v[0].line, line);
	assert_null(c.server);
}

#define HEAD                                                                                       \
	"apiVersion: v1\nkind: Config\ncurrent-context: me@here\n"                                 \
	"contexts:\n- name: other\n  context: {cluster: x, user: y}\n"                             \
	"- name: me@here\n  context:\n    cluster: here\n    user: me\n"
#define CLUSTER                                                                                    \
	"clusters:\n- name: here\n  cluster:\n    server: https://192.0.2.1:6443/\n"               \
	"    certificate-authority-data: Q0EK\n"
#define USER "users:\n- name: me\n  user:\n"

static void kubeadms_file_is_read(void **state)
{
	(void)state;
	assert_int_equal(load(HEAD CLUSTER USER
			      "    client-certificate: /var/lib/kubelet/pki/current.pem\n"
			      "    client-key: /var/lib/kubelet/pki/current.pem\n"),
			 0);
	assert_string_equal(c.server, "https://192.0.2.1:6443");
	assert_string_equal(c.ca_pem, "CA\n");
	assert_string_equal(c.cert_file, "/var/lib/kubelet/pki/current.pem");
	assert_string_equal(c.key_file, "/var/lib/kubelet/pki/current.pem");
	assert_null(c.token);
	assert_false(c.copied);
}

static void inline_data_and_relative_paths(void **state)
{
	_cleanup_free char *token = NULL;

	(void)state;
	assert_int_equal(load(HEAD CLUSTER USER "    client-certificate-data: Q0VS\n     VA==\n"
						"    client-key-data: S0VZ\n"),
			 0);
	assert_string_equal(c.cert_pem, "CERT");
	assert_string_equal(c.key_pem, "KEY");
	assert_int_equal(load(HEAD CLUSTER USER "    tokenFile: token\n    token: inline\n"), 0);
	assert_int_equal(format(&token, "%s", tree_path(&tree, "/kube/token")), 0);
	assert_string_equal(c.token_file, token);
	assert_null(c.token); /* the file has precedence */
	assert_int_equal(load(HEAD CLUSTER USER "    token: inline\n"), 0);
	assert_string_equal(c.token, "inline");
	assert_true(c.copied); /* a refusal is a reason to read it again */
}

static void a_server_is_a_whole_address(void **state)
{
	static const char *const servers[] = {"https://",      "https:///",      "https:////x",
					      "https://a b",   "https://a\\x01", "https://a@b",
					      "https://a?x=y", "ftp://a",        "https:a"};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		snprintf(text, sizeof(text),
			 HEAD "clusters:\n- name: here\n  cluster: {server: \"%s\"}\n" USER
			      "    token: t\n",
			 servers[i]);
		assert_refused(text, 13, "https://HOST:PORT");
	}
}

static void what_is_not_done_is_refused_in_words(void **state)
{
	(void)state;
	assert_refused(HEAD CLUSTER USER "    exec: {command: aws}\n", 19, "exec plugin");
	assert_refused(HEAD CLUSTER USER "    username: a\n    password: b\n", 19,
		       "basic authentication");
	assert_refused(HEAD CLUSTER USER "    client-certificate-data: Q0VS\n", 19,
		       "without its key");
	assert_refused(HEAD CLUSTER USER "    client-certificate-data: '*'\n", 19, "no base64");
	assert_refused(HEAD CLUSTER USER "    client-key-data: S0VZ\n", 19, "no token");
	assert_refused(HEAD
		       "clusters:\n- name: here\n  cluster: {server: 'http://192.0.2.1'}\n" USER
		       "    token: t\n",
		       13, "https://HOST:PORT");
	assert_refused(HEAD "clusters:\n- name: here\n  cluster: {server: 'https://192.0.2.1', "
			    "insecure-skip-tls-verify: true}\n" USER "    token: t\n",
		       13, "name the server's CA");
}

static void what_is_missing_or_broken_is_told_with_its_line(void **state)
{
	(void)state;
	assert_refused("{}", 1, "no current-context");
	assert_refused(HEAD USER "    token: t\n", 3, "is not in the file");
	assert_refused("a: [b\n", 2, "is no YAML");
	assert_refused("", 0, "no current-context");
	assert_int_equal(credentials_of_kubeconfig("/no/such/file", &c, &problems), -ENOENT);
}

static void a_pods_own(void **state)
{
	(void)state;
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_int_equal(credentials_of_pod("/x", "", &c, &problems), 0);
	assert_string_equal(c.server, "https://[fd00::1]:443");
	assert_string_equal(c.token_file, "/x/token");
	assert_string_equal(c.ca_file, "/x/ca.crt");
	credentials_clear(&c);
	setenv("KUBERNETES_SERVICE_HOST", "evil/path?", 1);
	assert_int_equal(credentials_of_pod("/x", "", &c, &problems), -EINVAL);
	unsetenv("KUBERNETES_SERVICE_HOST");
	assert_int_equal(credentials_of_pod("/x", "", &c, &problems), -EINVAL);
	assert_contains(problems.v[1].text, "not in a pod");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kubeadms_file_is_read),
		TEST(inline_data_and_relative_paths),
		TEST(a_server_is_a_whole_address),
		TEST(what_is_not_done_is_refused_in_words),
		TEST(what_is_missing_or_broken_is_told_with_its_line),
		TEST(a_pods_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
