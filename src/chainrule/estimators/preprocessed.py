"""`preprocess="auto"`: a table with texts, dates and gaps, and what its columns become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length

from chainrule.data import Choices, Preprocessing, Table
from chainrule.data.columns import Column
from chainrule.data.frames import is_frame, table_of_frame
from chainrule.data.mapped import as_inputs
from chainrule.data.values import Texts
from chainrule.errors import DataError, SettingError, brief

Array = np.ndarray
AUTO = "auto"
TAKES_TABLES = 'preprocess="auto" takes texts, dates and gaps in X; so does a ColumnTransformer before the network'


class Preprocessed:
    """What an estimator does with tables, where `preprocess` asks for it."""

    preprocess: Any
    standardize: bool
    network_: Any

    def _table(self, X: Any, reset: bool) -> Table:
        """X as a table, the names of its columns kept where it is the first."""
        table = table_of(X)
        if reset:
            self.n_features_in_ = len(table.columns)
            self.__dict__.pop("feature_names_in_", None)
            if table.named:
                self.feature_names_in_ = np.array(table.columns, dtype=object)
        elif not table.named and len(table.columns) != self.n_features_in_:
            raise DataError(
                f"X has {len(table.columns)} columns without names, and {type(self).__name__} was fitted on "
                f"{self.n_features_in_}"
            )
        return table

    def _table_and_target(self, X: Any, y: Any, reset: bool, numeric: bool) -> tuple[Table, Array]:
        """The same with targets, as scikit-learn checks them."""
        if y is None:
            raise DataError(f"{type(self).__name__} learns targets, but the target y is None")
        table = self._table(X, reset)
        targets = check_array(y, accept_sparse="csr", ensure_2d=False, dtype=None, input_name="y", estimator=self)
        if numeric and targets.dtype.kind == "O":
            targets = targets.astype(np.float64)
        check_consistent_length(table, targets)
        return table, targets

    @property
    def preprocessing_(self) -> Preprocessing:
        """What the columns become and what the outputs mean: `print(preprocessing_)` shows it in a table."""
        if not hasattr(self, "network_"):
            raise AttributeError(f"this {type(self).__name__} is not fitted yet: preprocessing_ is there after fit")
        return self.network_.preprocessing or Preprocessing()

    @property
    def input_names_(self) -> Array:
        """What each input of the network is called, as "cut = Ideal": a category has several, and a dropped column none."""
        inputs = self.preprocessing_.inputs
        names = [each.name for each in inputs] if inputs else [f"x{i}" for i in range(self.network_.sizes[0])]
        return np.array(names, dtype=object)


def is_table(X: Any, error: Exception) -> bool:
    """Whether X, which scikit-learn's checks refuse like that, has texts, dates or gaps."""
    if not isinstance(error, TypeError) and "could not convert string" not in str(error):
        return "Input X contains NaN" in str(error)
    kinds = [getattr(X, "dtype", None), *getattr(X, "dtypes", [])]
    return any(getattr(kind, "kind", "O") not in "fiub" for kind in kinds if kind is not None)


def choices_of(preprocess: Any, standardize: bool) -> dict[str, Any]:
    """What is decided about columns: "auto" for nothing, or a dictionary such as {"drop": ["id"]}."""
    if not (isinstance(preprocess, Mapping) or (isinstance(preprocess, str) and preprocess == AUTO)):
        raise SettingError(
            'preprocess is None, "auto", or a dictionary of choices about columns, as {"drop": ["id"], "kinds": '
            f'{{"zip": "category"}}}}; got {brief(preprocess)}'
        )
    chosen = {"scale": "standard" if standardize else "none", **({} if isinstance(preprocess, str) else preprocess)}
    if Choices.checked(chosen).gaps == "drop":
        raise SettingError(
            'preprocess takes gaps="impute" or "refuse": rows that are to be left out are left out of X and y before fit'
        )
    return chosen


def columns_of(table: Table, targets: Array | None, preprocess: Any, standardize: bool) -> tuple[Column, ...]:
    """What each column of the rows that are learnt becomes; numbers as targets tell which column gives them away."""
    chosen = choices_of(preprocess, standardize)
    target = None if targets is None or targets.ndim > 1 else targets
    terms = Preprocessing.fit_table(
        table.with_target(target), task="auto" if target is None else "regression", **chosen
    )
    return terms.columns or ()


def table_of(X: Any) -> Table:
    """A data frame, a dictionary of columns, a Table or an array (rows, columns) as a table without a target."""
    if isinstance(X, Table):
        return X.with_target(None)
    if is_frame(X) and not issparse(X):
        table = table_of_frame(X, optional=True, name="X")
        if len(table) == 0:
            raise DataError("X has 0 rows: a network learns from rows, and answers rows")
        return table
    array = as_inputs(X.toarray() if issparse(X) else X, "X", gaps=True)
    if array.ndim != 2 or array.size == 0:
        raise DataError(f"X is rows of columns (rows, columns), got an array of shape {array.shape}")
    return Table("X", [f"x{i}" for i in range(array.shape[1])], array, named=False)


def rows_taken(X: Any, rows: Array) -> Any:
    """Those rows of a table or an array."""
    return X.take(rows) if isinstance(X, Table) else X[rows]


def dtype_of(X: Any) -> np.dtype[Any]:
    """float32 where every column of numbers is float32, and else float64; an array's own."""
    if not isinstance(X, Table):
        return X.dtype
    columns = [X.matrix] if X.matrix is not None else [X.values(place) for place in range(len(X.columns))]
    kinds = {each.dtype for each in columns if not isinstance(each, Texts) and each.dtype.kind == "f"}
    return np.dtype(np.float32 if kinds == {np.dtype(np.float32)} else np.float64)
