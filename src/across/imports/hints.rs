//! What would help, for faults whose message only says what is wrong.

use crate::kernel::Text;

/// Advice for a fault's code.
pub(super) fn hint(code: &str) -> Option<Text> {
    let (zh, en) = match code {
        "ring_not_closed" => (
            "在制图软件中闭合该环，使末点与首点相同。",
            "Close the ring in the GIS: its last position repeats the first.",
        ),
        "ring_too_short" => {
            ("环至少四个点；删除退化的部分。", "A ring has at least four positions; remove the degenerate part.")
        }
        "coordinate_out_of_range" => (
            "若为投影坐标，请用 crs 参数注明（如 EPSG:4549）；若经纬度颠倒，请调换。",
            "If the coordinates are projected, name their system with the parameter crs (EPSG:4549); if latitude comes first, swap them.",
        ),
        "invalid_geometry" => (
            "在 QGIS 中用“修复几何”处理后再导入。",
            "Run the GIS's tool for repairing geometries (\"Fix geometries\" in QGIS) and send the file again.",
        ),
        "geometry_missing" => ("为该要素补画边界。", "Give the feature its outline."),
        "geometry_type" => ("只导入面要素；点、线请另存。", "Send areas only; keep points and lines in another file."),
        "duplicate_key" => ("删除重复的成员。", "Remove one of the two members."),
        "bad_json" => ("修正该行的 JSON 语法。", "Put the record's JSON syntax right."),
        "mapping_conflict" => {
            ("调整 mapping，使两列不写入同一字段。", "Change the mapping so that two columns do not become one.")
        }
        "easting_implausible" => ("核对 crs 参数与坐标轴次序。", "Check the parameter crs and the order of the axes."),
        "column_ignored" => (
            "若该列有用，请用 mapping 对应到样品字段或标准中的污染物。",
            "If the column matters, map it to an attribute of samples or to a substance of the standards.",
        ),
        "unit_missing" => (
            "在 mapping 中以常量给出单位，如 \"=unit\": \"mg/kg\"。",
            "Give the unit as a constant of the mapping: \"=unit\": \"mg/kg\".",
        ),
        "number_too_long" => {
            ("代码类列设为“文本”格式后再输入。", "Format columns of codes as text before entering them.")
        }
        "cell_error" => ("改正该公式，或改为数值。", "Mend the formula, or put its value in its place."),
        "text_undecodable" => (
            "附上正确的 .cpg 文件，或在 mapping 中注明 \"#encoding\": \"GBK\" 等。",
            "Add the right .cpg, or name the encoding in the mapping: \"#encoding\": \"GBK\".",
        ),
        "hole_without_outline" | "bad_shape" | "bad_geometry" => {
            ("在制图软件中修复几何并重新导出。", "Repair the geometries in the GIS and export the layer again.")
        }
        "shape_type_unsupported" | "geometry_type_unsupported" => {
            ("转换为普通的点、线、面后再导入。", "Turn it into plain points, lines or areas and send the file again.")
        }
        "column_renamed" => ("在 mapping 中使用新名称。", "Use the new name in the mapping."),
        "unknown_parcel" => (
            "先导入来源宗地，或将其排在同一文件的前面。",
            "Import the predecessors first, or put them before it in the file.",
        ),
        _ => return None,
    };
    Some(Text::fixed(zh, en))
}
