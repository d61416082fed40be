output "bucket_arns" {
  description = "ARNs of the buckets, by gallery and by what they contain."
  value       = { for name, gallery in module.gallery : name => gallery.bucket_arns }
}
