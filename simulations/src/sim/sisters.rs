//! A larger mesh out of the demo's: beside each plant a second one with its own MES, machines and recipes, and everything else in common.

use std::fs;
use std::path::Path;

/// Writes so many plants in the place of each one whose system speaks HTTP into a folder that holds the demo.
pub(super) fn write(dir: &Path, of_each: u64) -> anyhow::Result<()> {
    for plant in plants(dir)? {
        for number in 2..=of_each {
            let sister = format!("{plant}-{number}");
            for folder in ["sites", "equipment", "recipes"] {
                copy(&dir.join(folder), &plant, &sister)?;
            }
        }
    }
    Ok(())
}

fn plants(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut plants = Vec::new();
    for (name, text) in texts(&dir.join("sites"))? {
        if text.contains("\nkind: plant\n") && text.contains("\n  http:\n") {
            plants.push(name);
        }
    }
    Ok(plants)
}

/// The files of a folder by the names of what is in them, in order.
fn texts(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for found in fs::read_dir(folder)? {
        let path = found?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        texts.push((name, fs::read_to_string(&path)?));
    }
    texts.sort();
    Ok(texts)
}

/// What is the plant's is its sister's, too; its system has an address and a credential of its own.
fn copy(folder: &Path, plant: &str, sister: &str) -> anyhow::Result<()> {
    let shouted = |name: &str| format!("${{{}_", name.to_uppercase().replace('-', "_"));
    for (name, text) in texts(folder)? {
        let of = format!("\nplant: {plant}\n");
        if name == plant || text.contains(&of) {
            let text = text.replace(&of, &format!("\nplant: {sister}\n")).replace(&shouted(plant), &shouted(sister));
            fs::write(folder.join(format!("{}.yaml", name.replace(plant, sister))), text)?;
        }
    }
    Ok(())
}
