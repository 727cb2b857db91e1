//! A configuration to start from: three regions with an ERP, a plant, a laboratory and a warehouse each, as text for people to
//! read, copy and change. It stands in `config/demo` and `config/mappings` of the sources, and in the binary.

use std::path::Path;

macro_rules! files {
    ($($name:literal => $path:literal,)*) => {
        /// Every file, by its path within the folder.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!($path)),)*];
    };
}

files! {
    "README.md" => "../demo/README.md",
    "equipment/nord.yaml" => "../demo/equipment/nord.yaml",
    "equipment/ohio.yaml" => "../demo/equipment/ohio.yaml",
    "equipment/pune.yaml" => "../demo/equipment/pune.yaml",
    "equipment/suzhou.yaml" => "../demo/equipment/suzhou.yaml",
    "mappings/b2mml/dispatch_job.jq" => "../mappings/b2mml/dispatch_job.jq",
    "mappings/b2mml/dispatch_job.test.yaml" => "../mappings/b2mml/dispatch_job.test.yaml",
    "mappings/b2mml/performance.jq" => "../mappings/b2mml/performance.jq",
    "mappings/b2mml/performance.test.yaml" => "../mappings/b2mml/performance.test.yaml",
    "mappings/b2mml/post.jq" => "../mappings/b2mml/post.jq",
    "mappings/b2mml/post.test.yaml" => "../mappings/b2mml/post.test.yaml",
    "mappings/b2mml/schedule.jq" => "../mappings/b2mml/schedule.jq",
    "mappings/b2mml/schedule.test.yaml" => "../mappings/b2mml/schedule.test.yaml",
    "mappings/cmms-json/assets.jq" => "../mappings/cmms-json/assets.jq",
    "mappings/cmms-json/assets.test.yaml" => "../mappings/cmms-json/assets.test.yaml",
    "mappings/cmms-json/events.jq" => "../mappings/cmms-json/events.jq",
    "mappings/cmms-json/events.test.yaml" => "../mappings/cmms-json/events.test.yaml",
    "mappings/cmms-json/report_breakdown.jq" => "../mappings/cmms-json/report_breakdown.jq",
    "mappings/cmms-json/report_breakdown.test.yaml" => "../mappings/cmms-json/report_breakdown.test.yaml",
    "mappings/erp-sap/change_order.jq" => "../mappings/erp-sap/change_order.jq",
    "mappings/erp-sap/change_stock_status.jq" => "../mappings/erp-sap/change_stock_status.jq",
    "mappings/erp-sap/convert_planned_order.jq" => "../mappings/erp-sap/convert_planned_order.jq",
    "mappings/erp-sap/events.jq" => "../mappings/erp-sap/events.jq",
    "mappings/erp-sap/post.jq" => "../mappings/erp-sap/post.jq",
    "mappings/erp-sap/post.test.yaml" => "../mappings/erp-sap/post.test.yaml",
    "mappings/idoc/orders.jq" => "../mappings/idoc/orders.jq",
    "mappings/idoc/orders.test.yaml" => "../mappings/idoc/orders.test.yaml",
    "mappings/idoc/post.jq" => "../mappings/idoc/post.jq",
    "mappings/idoc/post.test.yaml" => "../mappings/idoc/post.test.yaml",
    "mappings/mes-csv/answers.jq" => "../mappings/mes-csv/answers.jq",
    "mappings/mes-csv/answers.test.yaml" => "../mappings/mes-csv/answers.test.yaml",
    "mappings/mes-csv/change_job.jq" => "../mappings/mes-csv/change_job.jq",
    "mappings/mes-csv/change_job.test.yaml" => "../mappings/mes-csv/change_job.test.yaml",
    "mappings/mes-csv/dispatch_job.jq" => "../mappings/mes-csv/dispatch_job.jq",
    "mappings/mes-csv/dispatch_job.test.yaml" => "../mappings/mes-csv/dispatch_job.test.yaml",
    "mappings/mes-csv/hold_job.jq" => "../mappings/mes-csv/hold_job.jq",
    "mappings/mes-csv/hold_job.test.yaml" => "../mappings/mes-csv/hold_job.test.yaml",
    "mappings/mes-csv/reports.jq" => "../mappings/mes-csv/reports.jq",
    "mappings/mes-csv/resume_job.jq" => "../mappings/mes-csv/resume_job.jq",
    "mappings/mes-csv/resume_job.test.yaml" => "../mappings/mes-csv/resume_job.test.yaml",
    "mappings/mes-csv/revoke_job.jq" => "../mappings/mes-csv/revoke_job.jq",
    "mappings/mes-csv/revoke_job.test.yaml" => "../mappings/mes-csv/revoke_job.test.yaml",
    "mappings/mes-json/change_job.jq" => "../mappings/mes-json/change_job.jq",
    "mappings/mes-json/dispatch_job.jq" => "../mappings/mes-json/dispatch_job.jq",
    "mappings/mes-json/hold_job.jq" => "../mappings/mes-json/hold_job.jq",
    "mappings/mes-json/recipes.jq" => "../mappings/mes-json/recipes.jq",
    "mappings/mes-json/reports.jq" => "../mappings/mes-json/reports.jq",
    "mappings/mes-json/reports.test.yaml" => "../mappings/mes-json/reports.test.yaml",
    "mappings/mes-json/resume_job.jq" => "../mappings/mes-json/resume_job.jq",
    "mappings/mes-json/revoke_job.jq" => "../mappings/mes-json/revoke_job.jq",
    "mappings/plm-json/revisions.jq" => "../mappings/plm-json/revisions.jq",
    "mappings/plm-json/revisions.test.yaml" => "../mappings/plm-json/revisions.test.yaml",
    "mappings/qms-json/events.jq" => "../mappings/qms-json/events.jq",
    "mappings/qms-json/events.test.yaml" => "../mappings/qms-json/events.test.yaml",
    "mappings/qms-json/open_inspection.jq" => "../mappings/qms-json/open_inspection.jq",
    "mappings/qms-json/tell_hold.jq" => "../mappings/qms-json/tell_hold.jq",
    "mappings/tms-json/answer_departure.jq" => "../mappings/tms-json/answer_departure.jq",
    "mappings/tms-json/answer_departure.test.yaml" => "../mappings/tms-json/answer_departure.test.yaml",
    "mappings/tms-json/block_shipment.jq" => "../mappings/tms-json/block_shipment.jq",
    "mappings/tms-json/block_shipment.test.yaml" => "../mappings/tms-json/block_shipment.test.yaml",
    "mappings/tms-json/events.jq" => "../mappings/tms-json/events.jq",
    "mappings/tms-json/events.test.yaml" => "../mappings/tms-json/events.test.yaml",
    "mappings/tms-json/tender_load.jq" => "../mappings/tms-json/tender_load.jq",
    "mappings/tms-json/tender_load.test.yaml" => "../mappings/tms-json/tender_load.test.yaml",
    "mappings/tms-json/unblock_shipment.jq" => "../mappings/tms-json/unblock_shipment.jq",
    "mappings/tms-json/unblock_shipment.test.yaml" => "../mappings/tms-json/unblock_shipment.test.yaml",
    "mappings/wms-json/announce_unit.jq" => "../mappings/wms-json/announce_unit.jq",
    "mappings/wms-json/answer_departure.jq" => "../mappings/wms-json/answer_departure.jq",
    "mappings/wms-json/block_shipment.jq" => "../mappings/wms-json/block_shipment.jq",
    "mappings/wms-json/block_stock.jq" => "../mappings/wms-json/block_stock.jq",
    "mappings/wms-json/block_stock.test.yaml" => "../mappings/wms-json/block_stock.test.yaml",
    "mappings/wms-json/events.jq" => "../mappings/wms-json/events.jq",
    "mappings/wms-json/events.test.yaml" => "../mappings/wms-json/events.test.yaml",
    "mappings/wms-json/unblock_shipment.jq" => "../mappings/wms-json/unblock_shipment.jq",
    "mappings/wms-json/unblock_stock.jq" => "../mappings/wms-json/unblock_stock.jq",
    "mappings/wms-json/unblock_stock.test.yaml" => "../mappings/wms-json/unblock_stock.test.yaml",
    "materials/all.yaml" => "../demo/materials/all.yaml",
    "mesh.yaml" => "../demo/mesh.yaml",
    "recipes/nord-fg-100.yaml" => "../demo/recipes/nord-fg-100.yaml",
    "recipes/ohio-fg-200.yaml" => "../demo/recipes/ohio-fg-200.yaml",
    "recipes/pune-fg-400.yaml" => "../demo/recipes/pune-fg-400.yaml",
    "recipes/suzhou-fg-300.yaml" => "../demo/recipes/suzhou-fg-300.yaml",
    "rules/all.test.yaml" => "../demo/rules/all.test.yaml",
    "rules/all.yaml" => "../demo/rules/all.yaml",
    "sites/cmms.yaml" => "../demo/sites/cmms.yaml",
    "sites/erp-asia.yaml" => "../demo/sites/erp-asia.yaml",
    "sites/erp-eu.yaml" => "../demo/sites/erp-eu.yaml",
    "sites/erp-na.yaml" => "../demo/sites/erp-na.yaml",
    "sites/nord.yaml" => "../demo/sites/nord.yaml",
    "sites/ohio.yaml" => "../demo/sites/ohio.yaml",
    "sites/plm.yaml" => "../demo/sites/plm.yaml",
    "sites/pune.yaml" => "../demo/sites/pune.yaml",
    "sites/qms.yaml" => "../demo/sites/qms.yaml",
    "sites/suzhou.yaml" => "../demo/sites/suzhou.yaml",
    "sites/tms.yaml" => "../demo/sites/tms.yaml",
    "sites/wms-eu.yaml" => "../demo/sites/wms-eu.yaml",
    "sites/wms-na.yaml" => "../demo/sites/wms-na.yaml",
}

/// What the files leave to be filled in.
pub const VARIABLES: &[&str] = &[
    "CMMS_TOKEN",
    "CMMS_URL",
    "ERP_ASIA_TOKEN",
    "ERP_ASIA_URL",
    "ERP_EU_TOKEN",
    "ERP_EU_URL",
    "ERP_NA_TOKEN",
    "ERP_NA_URL",
    "NORD_TOKEN",
    "NORD_URL",
    "OHIO_TOKEN",
    "OHIO_URL",
    "PLM_TOKEN",
    "PLM_URL",
    "PUNE_ARCHIVE_DIR",
    "PUNE_IN_DIR",
    "PUNE_OUT_DIR",
    "QMS_TOKEN",
    "QMS_URL",
    "SUZHOU_TOKEN",
    "SUZHOU_URL",
    "TAKT_CONTROLLER_TOKEN",
    "TAKT_FINANCE_TOKEN",
    "TAKT_PLANNER_TOKEN",
    "TAKT_QUALITY_TOKEN",
    "TAKT_SHOPFLOOR_TOKEN",
    "TMS_TOKEN",
    "TMS_URL",
    "WMS_EU_TOKEN",
    "WMS_EU_URL",
    "WMS_NA_TOKEN",
    "WMS_NA_URL",
];

/// Writes the folder. What is there already stays as it is: people have changed it.
pub fn write_to(dir: &Path) -> std::io::Result<()> {
    for (name, text) in FILES {
        let path = dir.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if !path.exists() {
            std::fs::write(path, text)?;
        }
    }
    Ok(())
}
