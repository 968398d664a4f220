"""EasyAdapt's algebra: augmented rows against kernels, another library, and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC

from jeoni.adaptation import EasyAdapt
from jeoni.adaptation.shallow.easyadapt import augmented

# EasyAdapt's algebra


def pair(seed: int = 0, n: int = 60, d: int = 4):
    """Rows of two domains, 0 and 1, and what to learn of them."""
    rng = np.random.default_rng(seed)
    X, domain = rng.normal(size=(n, d)), (np.arange(n) % 3 == 0).astype(np.int64)
    return X, domain, X[:, 0] + (2 * domain - 1) * X[:, 1] + 0.1 * rng.normal(size=n)


def kernel(X, here, Z, there, share: float = 1.0):
    """Daumé III, section 3.2; ``share + 1`` times within a domain, ``share`` times across."""
    return (share + (here[:, None] == there)) * (X @ Z.T)


@pytest.mark.parametrize("share", [1.0, 0.25, 4.0])
def test_ridge_on_augmented_rows_is_ridge_with_the_papers_kernel(share):
    X, domain, y = pair()
    Z, there, _ = pair(1, 30)
    rows, asked = augmented(X, domain, 2, share), augmented(Z, there, 2, share)
    here = Ridge(0.7, fit_intercept=False).fit(rows, y).predict(asked)
    dual = KernelRidge(alpha=0.7, kernel="precomputed").fit(kernel(X, domain, X, domain, share), y)
    np.testing.assert_allclose(here, dual.predict(kernel(Z, there, X, domain, share)), atol=1e-10)


def test_a_support_vector_machine_sees_the_papers_kernel():
    X, domain, y = pair()
    Z, there, _ = pair(1, 30)
    rows, asked = augmented(X, domain, 2), augmented(Z, there, 2)
    here = SVC(kernel="linear", tol=1e-8).fit(rows, y > 0).decision_function(asked)
    gram = 2 * (X @ X.T) * (domain[:, None] == domain) + (X @ X.T) * (domain[:, None] != domain)
    dual = SVC(kernel="precomputed", tol=1e-8).fit(gram, y > 0)
    np.testing.assert_allclose(here, dual.decision_function(kernel(Z, there, X, domain)), atol=1e-5)


def test_shared_and_own_weights_are_the_best_split_of_each_domains_weights():
    X, domain, y = pair()
    general, *own = Ridge(0.7, fit_intercept=False).fit(augmented(X, domain, 2), y).coef_.reshape(3, -1)
    # |g|² + |w_0 - g|² + |w_1 - g|² is least at the third of the sum
    np.testing.assert_allclose(general, (2 * general + own[0] + own[1]) / 3, atol=1e-8)
    weights = general + np.array(own)
    residual = (X * weights[domain]).sum(1) - y
    for k in range(2):  # the slope of each domain's loss balances the slope of the penalty on its own weights
        here = domain == k
        np.testing.assert_allclose(X[here].T @ residual[here], -0.7 * own[k], atol=1e-8)


def test_without_the_general_block_domains_are_parted_and_a_large_one_joins_them():
    X, domain, y = pair()
    asked = pair(1, 30)[0]
    target = augmented(asked, np.ones(30, dtype=int), 2, 0.0)
    parted_ = Ridge(0.7, fit_intercept=False).fit(augmented(X, domain, 2, 0.0), y).predict(target)
    alone = Ridge(0.7, fit_intercept=False).fit(X[domain == 1], y[domain == 1]).predict(asked)
    np.testing.assert_allclose(parted_, alone, atol=1e-10)
    large = augmented(X, domain, 2, 1e8), augmented(asked, np.ones(30, dtype=int), 2, 1e8)
    joined = KernelRidge(alpha=1e8).fit(large[0], y).predict(large[1])
    np.testing.assert_allclose(joined, KernelRidge(alpha=1.0).fit(X, y).predict(asked), atol=1e-5)


def test_several_sources_have_a_block_each():
    X, _, _ = pair(n=6)
    names = np.array(["dvd", "books", "dvd", "kitchen", "books", "dvd"])
    adapter = EasyAdapt(share=4.0).fit(X, None, X, domains=names)
    rows, target = adapter.transform(X, source=True, domains=names), adapter.transform(X)
    assert adapter.domains_.tolist() == ["books", "dvd", "kitchen"] and rows.shape == target.shape == (6, 20)
    blocks = rows.reshape(6, 5, 4)
    np.testing.assert_array_equal(blocks[:, 0], 2 * X)
    for row, name in enumerate(names):
        own = 1 + ["books", "dvd", "kitchen"].index(name)
        np.testing.assert_array_equal(blocks[row, own], X[row])
        assert not np.delete(blocks[row, 1:], own - 1, axis=0).any()
    np.testing.assert_array_equal(target, np.hstack([2 * X, np.zeros((6, 12)), X]))


def test_its_map_of_the_target_is_affine():
    X, _, _ = pair()
    adapter = EasyAdapt(0.5).fit(X, None, X)
    (move,) = adapter.moves()
    np.testing.assert_allclose(X @ move.matrix + move.shift, adapter.transform(X))


def test_sparse_rows_become_the_same():
    X, domain, _ = pair()
    thin = augmented(sparse.csr_matrix(X.astype(np.float32)), domain, 2, 0.5)
    assert thin.dtype == np.float32
    np.testing.assert_array_equal(thin.toarray(), augmented(X.astype(np.float32), domain, 2, 0.5))


def test_easyadapt_refuses_what_it_cannot_place():
    X, _, _ = pair(n=6)
    with pytest.raises(ValueError, match="share is -1"):
        EasyAdapt(-1).fit(X, None, X)
    with pytest.raises(ValueError, match=r"domains has shape \(5,\); \(6,\) is needed"):
        EasyAdapt().fit(X, None, X, domains=np.zeros(5))
    adapter = EasyAdapt().fit(X, None, X, domains=list("aabbbb"))
    with pytest.raises(ValueError, match="fit was given 2 sources"):
        adapter.transform(X, source=True)
    with pytest.raises(ValueError, match="not given the domain 'c'"):
        adapter.transform(X, source=True, domains=list("aabbbc"))


def like_the_rival():
    """The rows on which the numbers of adapt 0.4.5 were measured."""
    rs = np.random.RandomState(0)  # the same draw in every version
    Xs, Xt = rs.randn(40, 3), rs.randn(10, 3) + 0.5
    ys, yt = Xs @ [1.0, -1, 0] > 0, Xt @ [1.0, 0.5, 1] > 0.7
    return Xs, ys.astype(int), Xt, yt.astype(int), rs.randn(4, 3), rs.randint(0, 2, 40)


def test_it_predicts_as_adapts_feature_augmentation():
    """Its blocks come as source, target, general, ours as general, source, target: the sum is the same."""
    Xs, ys, Xt, yt, asked, which = like_the_rival()
    for names, expected in (
        (None, [0.1756298376, 0.1012448403, 0.5513538537, 0.9200762862]),
        (which, [0.1370119967, 0.0905529281, 0.5728295034, 0.9258822706]),
    ):
        adapter = EasyAdapt().fit(Xs, ys, Xt, domains=names)
        rows = np.concatenate([adapter.transform(Xs, source=True, domains=names), adapter.transform(Xt)])
        model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10000).fit(rows, np.concatenate([ys, yt]))
        np.testing.assert_allclose(model.predict_proba(adapter.transform(asked))[:, 1], expected, atol=1e-6)


def test_the_rivals_rows_are_ours_in_another_order():
    rival = pytest.importorskip("adapt.feature_based")
    Xs, ys, Xt, yt, _, _ = like_the_rival()
    rows, _ = rival.FA(Xt=Xt, yt=yt, verbose=0).fit_transform(Xs, Xt, ys, yt)
    adapter = EasyAdapt().fit(Xs, ys, Xt)
    ours = np.concatenate([adapter.transform(Xs, source=True), adapter.transform(Xt)])
    np.testing.assert_allclose(np.roll(rows, 3, axis=1), ours)
