"""How nbconvert runs the notebooks, for `make notebooks` and `make run`."""

from pathlib import Path

c = get_config()  # noqa: F821
c.NbConvertApp.export_format = "notebook"
c.NotebookExporter.preprocessors = ["drawings.Drawings"]
c.ExecutePreprocessor.enabled = True
c.ExecutePreprocessor.kernel_name = "python3"
c.ExecutePreprocessor.extra_arguments = [
    f"--config={Path(__file__).with_name('inline_pictures.py')}"
]
c.ExecutePreprocessor.record_timing = False
c.ExecutePreprocessor.timeout = 1800
c.ClearMetadataPreprocessor.enabled = True
c.ClearMetadataPreprocessor.clear_cell_metadata = False
c.ClearMetadataPreprocessor.preserve_nb_metadata_mask = {"kernelspec"}
